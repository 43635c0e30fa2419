#include "apps/camctl/commands.h"

namespace camctl::apps {
namespace {

constexpr std::string_view kValues =
    R"sh(# What --help shows as an option's value where it is a choice: tcp|udp
_camctl_values() {
  camctl "$1" --help 2>/dev/null | awk -v o="$2" '/^ +-/ {
    found = 0
    for (i = 1; i <= NF; i++) {
      w = $i; sub(/,$/, "", w)
      if (w == o) found = 1
      if (w ~ /^-/) continue
      if (found && w ~ /^[a-z0-9][a-z0-9-]*[|]/) { sub(/,.*/, "", w); gsub(/[|]/, " ", w); print w }
      next
    }
  }'
}
)sh";

// Commands and options come from the programs, so that third parties' complete too.
constexpr std::string_view kBash = R"sh(_camctl() {
  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]}
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ] || [ "$previous" = help ]; then
    mapfile -t COMPREPLY < <(compgen -W "$(camctl help --names 2>/dev/null) help completion --help --version" -- "$current")
  elif [ "${COMP_WORDS[1]}" = completion ]; then
    mapfile -t COMPREPLY < <(compgen -W "bash zsh fish" -- "$current")
  elif [[ $current == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$(camctl "${COMP_WORDS[1]}" --help 2>/dev/null | grep -oE -- '--[a-z][a-z0-9-]*' | sort -u)" -- "$current")
  else
    local values=
    [[ $previous == -* ]] && values=$(_camctl_values "${COMP_WORDS[1]}" "$previous")
    if [ -n "$values" ]; then
      mapfile -t COMPREPLY < <(compgen -W "$values" -- "$current")
    else
      compopt -o default 2>/dev/null
    fi
  fi
}
complete -F _camctl camctl
)sh";

constexpr std::string_view kZsh = R"sh(_camctl() {
  local -a found
  if (( CURRENT == 2 )) || [[ ${words[2]} == help ]]; then
    found=(${(f)"$(camctl help --names 2>/dev/null)"} help completion)
    compadd -- $found
  elif [[ ${words[2]} == completion ]]; then
    compadd -- bash zsh fish
  elif [[ ${words[CURRENT]} == -* ]]; then
    found=(${(fu)"$(camctl ${words[2]} --help 2>/dev/null | grep -oE -- '--[a-z][a-z0-9-]*')"})
    compadd -- $found
  else
    found=()
    [[ ${words[CURRENT-1]} == -* ]] && found=(${=$(_camctl_values ${words[2]} ${words[CURRENT-1]})})
    if (( $#found )); then compadd -- $found; else _files; fi
  fi
}
compdef _camctl camctl
)sh";

constexpr std::string_view kFish = R"sh(# fish completion of camctl: camctl completion fish | source
complete -c camctl -n __fish_use_subcommand -f -a '(camctl help --names 2>/dev/null) help completion'
complete -c camctl -n '__fish_seen_subcommand_from help' -f -a '(camctl help --names 2>/dev/null)'
complete -c camctl -n '__fish_seen_subcommand_from completion' -f -a 'bash zsh fish'
function __camctl_options
  set -l words (commandline -opc)
  test (count $words) -ge 2; and camctl $words[2] --help 2>/dev/null | string match -ra -- '--[a-z][a-z0-9-]*' | sort -u
end
complete -c camctl -n 'not __fish_use_subcommand; and string match -q -- "-*" (commandline -ct)' -f -a '(__camctl_options)'
)sh";

}  // namespace

std::optional<std::string> completion_script(std::string_view shell) {
  std::string script;
  if (shell == "bash") {
    script = "# bash completion of camctl: source <(camctl completion bash)\n";
    return script.append(kValues).append(kBash);
  }
  if (shell == "zsh") {
    script = "#compdef camctl\n# zsh completion of camctl: source <(camctl completion zsh)\n";
    return script.append(kValues).append(kZsh);
  }
  if (shell == "fish") return std::string(kFish);
  return std::nullopt;
}

}  // namespace camctl::apps
