#pragma once

#include "piece.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace word_count {

/// How far a walk has come.
struct walk_position {
  std::uint32_t root = 0;
  std::string after;  ///< The last path in that root; empty: nothing of it yet.
};

/// Lists the regular files below some paths, always in the same order: root for root as given,
/// names of a folder in byte order. Symbolic links below a root are not followed; a root given
/// twice is walked twice. A folder that cannot be listed is listed as a file, so that reading it
/// fails.
/// @limits it holds the names of the folders on the way to the current file, not of the tree.
class tree_walk {
 public:
  /// Goes on where another walk over the same roots had come to.
  explicit tree_walk(std::vector<std::string> roots, walk_position from = {});

  /// @returns the next file as one piece, or nothing at the end.
  std::optional<piece> next();
  [[nodiscard]] const walk_position& position() const noexcept { return position_; }

 private:
  struct entry {
    std::string name;
    bool folder = false;
  };
  // A folder on the way, and what of it is still to come, the next entry last.
  struct level {
    std::string prefix;
    std::vector<entry> rest;
  };

  std::optional<piece> enter_root();
  bool enter_folder(std::string path);
  void skip_to(std::string_view after);
  void next_root();

  std::vector<std::string> roots_;
  walk_position position_;
  std::vector<level> levels_;  // from the root down to the current folder; none: enter a root
};

/// Cuts a file into pieces of at most piece_bytes_max; an empty file is one piece.
std::vector<piece> pieces_of(const piece& file);

}  // namespace word_count
