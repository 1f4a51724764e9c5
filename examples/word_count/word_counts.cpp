#include "word_counts.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <stdexcept>

namespace word_count {

namespace {

template <class Number>
std::uint64_t load(const char* from) {
  Number bytes;
  std::memcpy(&bytes, from, sizeof bytes);
  return bytes;
}

// Up to eight bytes, by loads that may overlap.
std::uint64_t load_short(const char* from, std::size_t size) {
  if (size >= 4) return load<std::uint32_t>(from) | load<std::uint32_t>(from + size - 4) << 32;
  if (size >= 2) return load<std::uint16_t>(from) | load<std::uint16_t>(from + size - 2) << 16;
  return size == 1 ? load<std::uint8_t>(from) : 0;
}

// Multiplies eight bytes at a time into the hash and folds the product's well-mixed upper half
// down.
std::uint64_t hash_of(std::string_view word) {
  constexpr std::uint64_t odd = 0x9e3779b97f4a7c15;
  std::uint64_t hash = word.size();
  while (word.size() > 8) {
    hash = (hash ^ load<std::uint64_t>(word.data())) * odd;
    hash ^= hash >> 32;
    word.remove_prefix(8);
  }
  hash = (hash ^ load_short(word.data(), word.size())) * odd;
  hash ^= hash >> 32;
  hash *= odd;
  return hash ^ (hash >> 32);
}

std::uint32_t tag_of(std::uint64_t hash) { return static_cast<std::uint32_t>(hash >> 32); }

}  // namespace

void word_counts::add(std::string_view word, std::uint64_t count) {
  add_hashed(word, hash_of(word), count);
}

void word_counts::add_all(std::string_view letters, const std::vector<std::uint32_t>& lengths,
                          const std::vector<std::uint32_t>& counts) {
  // Most words are far apart in memory, so a batch's places are fetched while its hashes are made,
  // and its entries before the first of them is needed.
  constexpr std::size_t batch_max = 32;
  std::array<std::string_view, batch_max> words;
  std::array<std::uint64_t, batch_max> hashes;
  for (std::size_t first = 0; first < lengths.size(); first += batch_max) {
    const std::size_t size = std::min(batch_max, lengths.size() - first);
    for (std::size_t i = 0; i < size; ++i) {
      words[i] = letters.substr(0, lengths[first + i]);
      letters.remove_prefix(words[i].size());
      hashes[i] = hash_of(words[i]);
      __builtin_prefetch(&index_[hashes[i] & mask()]);
    }
    for (std::size_t i = 0; i < size; ++i) {
      const std::uint32_t number = index_[hashes[i] & mask()].number;
      if (number != 0) __builtin_prefetch(&entries_[number - 1]);
    }
    for (std::size_t i = 0; i < size; ++i) add_hashed(words[i], hashes[i], counts[first + i]);
  }
}

void word_counts::add_hashed(std::string_view word, std::uint64_t hash, std::uint64_t count) {
  std::size_t at = hash & mask();
  for (; index_[at].number != 0; at = (at + 1) & mask()) {
    if (index_[at].tag != tag_of(hash)) continue;
    entry& known = entries_[index_[at].number - 1];
    if (this->word(known) == word) {
      known.count += count;
      return;
    }
  }
  if (entries_.size() == UINT32_MAX - 1) throw std::length_error("more than 2^32 different words");
  entries_.push_back({letters_.size(), word.size(), hash, count});
  letters_.append(word);
  index_[at] = {tag_of(hash), static_cast<std::uint32_t>(entries_.size())};
  if (entries_.size() * 2 > index_.size()) grow();
}

void word_counts::clear() {
  // Costs as much as there are words, however large the index once had to be.
  for (const entry& e : entries_) {
    std::size_t at = e.hash & mask();
    while (index_[at].number != 0) {
      index_[at] = {};
      at = (at + 1) & mask();
    }
  }
  entries_.clear();
  letters_.clear();
}

void word_counts::grow() {
  index_.assign(index_.size() * 2, {});
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    std::size_t at = entries_[i].hash & mask();
    while (index_[at].number != 0) at = (at + 1) & mask();
    index_[at] = {tag_of(entries_[i].hash), static_cast<std::uint32_t>(i + 1)};
  }
}

}  // namespace word_count
