// The commands of `camctl`: programs called camctl-NAME, ours and anybody's, as git does it.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace camctl::apps {

struct Command {
  std::string name;         // "scan"
  std::string description;  // of ours; empty for a third party's
};

// The commands that come with camctl, in the order in which they are used.
const std::vector<Command>& own_commands();

// Where camctl-NAME programs are: the folder of this executable first, then those of PATH.
std::vector<std::filesystem::path> command_folders(std::string_view path_variable);

// The program of a command; nothing if there is none. Names with a '/' are none.
std::optional<std::filesystem::path> find_command(std::string_view name,
                                                  const std::vector<std::filesystem::path>& folders);

// The manual page of a command, beside its folder (share/man/man1; man/man1 where it was built); nothing if
// there is none.
std::optional<std::filesystem::path> find_manual(std::string_view name,
                                                 const std::vector<std::filesystem::path>& folders);

// All commands: ours that are installed, then the third parties' sorted by name.
std::vector<Command> list_commands(const std::vector<std::filesystem::path>& folders);

// A completion script for bash, zsh or fish; nothing for another shell. It asks the programs themselves
// (`camctl CMD --help`) for their options.
std::optional<std::string> completion_script(std::string_view shell);

}  // namespace camctl::apps
