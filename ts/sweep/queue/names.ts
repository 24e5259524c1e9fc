// Names in Redis. Ids may not be integers and may not contain ':'.
export const queueName = 'jobs';
export const queuePrefix = 'mft';

export function queueIdOf(key: string): string {
  return `job-${key}`;
}
