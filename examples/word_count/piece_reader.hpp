#pragma once

#include "piece.hpp"
#include "word_counts.hpp"

#include <string>
#include <system_error>

namespace word_count {

/// Reads pieces of files, one after the other into the same buffer, and counts what starts in them.
class piece_reader {
 public:
  /// Adds the identifiers of a piece to `counts`.
  /// @errors what the system says of the file; `counts` is then as it was.
  std::error_code count(const piece& part, word_counts& counts);

 private:
  std::string text_;
};

}  // namespace word_count
