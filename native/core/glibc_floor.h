// Included before everything in the prebuilt addon (CMakeLists.txt): functions that got a new version in a glibc newer
// than the oldest the addon runs on are linked by their old version. Their code is the same since glibc 2.35; only the
// handling of errno differs.
#pragma once
#if defined(__GLIBC__) || defined(__linux__)
#if defined(__x86_64__)
__asm__(".symver hypot,hypot@GLIBC_2.2.5");
#elif defined(__aarch64__)
__asm__(".symver hypot,hypot@GLIBC_2.17");
#endif
#endif
