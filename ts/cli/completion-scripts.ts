// What `mft completion` prints: each shell asks `mft complete` for words and falls back on names of files. Words are handed over as they
// were typed, as arguments of their own: nothing on the line is evaluated.

const bash = `# mft for bash: source <(mft completion bash)
_mft() {
  COMPREPLY=()
  local line
  while IFS= read -r line; do COMPREPLY+=("\${line%%$'\\t'*}"); done \\
    < <(mft complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o default -o bashdefault -F _mft mft
`;

const zsh = `#compdef mft
# mft for zsh: source <(mft completion zsh), after compinit
_mft() {
  local line
  local -a found
  for line in "\${(@f)$(mft complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
    [[ -n $line ]] && found+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
  done
  if (( $#found )); then _describe -t words mft found; else _files; fi
}
compdef _mft mft
`;

const fish = `# mft for fish: mft completion fish > ~/.config/fish/completions/mft.fish
complete -c mft -a '(mft complete -- (commandline -opc)[2..-1] (commandline -ct) 2>/dev/null)'
`;

/** The script of each shell. */
export const completionScripts = { bash, zsh, fish } as const;
