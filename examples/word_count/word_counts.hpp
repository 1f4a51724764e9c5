#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace word_count {

/// How often each word was seen: a hash table that keeps its memory when it is cleared, since a
/// worker fills one for every piece.
/// @threads one at a time.
class word_counts {
 public:
  struct entry {
    std::size_t start = 0;  ///< Where the word is in `letters`.
    std::size_t length = 0;
    std::uint64_t hash = 0;
    std::uint64_t count = 0;
  };

  word_counts() : index_(64) {}

  /// Adds `count` to a word.
  void add(std::string_view word, std::uint64_t count = 1);
  /// Adds many words, which stand in `letters` with nothing between them. Quicker than one by one
  /// where the table is larger than the processor's caches.
  void add_all(std::string_view letters, const std::vector<std::uint32_t>& lengths,
               const std::vector<std::uint32_t>& counts);
  /// Forgets all words.
  void clear();

  /// One entry a word, in the order in which they were first seen.
  [[nodiscard]] const std::vector<entry>& entries() const noexcept { return entries_; }
  /// All words in that order, with nothing between them.
  [[nodiscard]] const std::string& letters() const noexcept { return letters_; }
  [[nodiscard]] std::string_view word(const entry& e) const noexcept {
    return {letters_.data() + e.start, e.length};
  }

 private:
  // Holds a part of the hash, so that most other words are told apart without a look at the entry.
  struct place {
    std::uint32_t tag = 0;
    std::uint32_t number = 0;  // of the entry, plus one; 0: free
  };

  void add_hashed(std::string_view word, std::uint64_t hash, std::uint64_t count);
  [[nodiscard]] std::size_t mask() const noexcept { return index_.size() - 1; }
  void grow();

  std::vector<place> index_;  // open addressing; its size is a power of two, at most half is taken
  std::vector<entry> entries_;
  std::string letters_;
};

}  // namespace word_count
