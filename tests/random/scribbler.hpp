#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "random/options.hpp"

namespace random_test {

/// A peer that overwrites words of the memory that it shares with us.
class scribbler {
 public:
  /// A part of the memory; a word is taken from a part first, so small ones are met as often.
  struct part {
    std::byte* at;
    std::size_t bytes;
  };

  scribbler(std::uint64_t seed, std::vector<part> parts) : dice_(seed), parts_(std::move(parts)) {}

  /// What a word of a slot might be; else words are random, small, or another word's neighbour.
  std::uint64_t (*likely)(dice&) = nullptr;

  void scribble() {
    const part& p = parts_[dice_.below(parts_.size())];
    const std::size_t words = p.bytes / sizeof(std::uint64_t);
    // Near the beginning, where small parts are used up to, as often as anywhere.
    const std::size_t n = dice_.below(dice_.one_in(2) ? words : words / 16 + 1);
    std::atomic_ref<std::uint64_t> word(reinterpret_cast<std::uint64_t*>(p.at)[n]);
    word.store(value(word.load(std::memory_order_relaxed)), std::memory_order_relaxed);
    ++count_;
  }
  [[nodiscard]] std::uint64_t count() const noexcept { return count_; }

 private:
  std::uint64_t value(std::uint64_t old) {
    switch (dice_.below(7)) {
      case 0:
        return dice_.bits();
      case 1:
        return dice_.below(300);
      case 2:
        return old ^ (std::uint64_t{1} << dice_.below(64));
      case 3:
        return old + dice_.below(9) - 4;
      case 4:
        return dice_.bits() & 0xffff'ffff'0000'0000;
      case 5:
        return ~std::uint64_t{0} - dice_.below(64);
      default:
        return likely != nullptr ? likely(dice_) : dice_.below(64);
    }
  }

  dice dice_;
  std::vector<part> parts_;
  std::uint64_t count_ = 0;
};

/// Reads every byte, so that a sanitizer sees one that is not ours.
inline std::uint64_t touch(const std::byte* at, std::size_t bytes) {
  std::uint64_t sum = 0;
  for (std::size_t n = 0; n < bytes; ++n) {
    sum += std::to_integer<std::uint64_t>(static_cast<const volatile std::byte&>(at[n]));
  }
  return sum;
}

}  // namespace random_test
