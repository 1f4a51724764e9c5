#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace bench {

/// A message of `Bytes` bytes, all of which its producer writes and its consumer gets.
template <std::size_t Bytes>
struct message {
  static constexpr std::size_t bytes = Bytes;
  std::array<std::uint64_t, Bytes / 8> words;
};

/// Ends the program: a contestant that loses or garbles messages has no throughput.
[[noreturn]] inline void wrong_message(const char* what, std::uint64_t expected,
                                       std::uint64_t got) {
  std::fprintf(stderr, "wrong message: %s, expected %llu, got %llu\n", what,
               static_cast<unsigned long long>(expected), static_cast<unsigned long long>(got));
  std::_Exit(1);
}

// A message's first word names its producer and its number; all others repeat the number. The last
// message of a run that ends by such marks has number `end_mark`.
inline constexpr unsigned number_bits = 48;
inline constexpr std::uint64_t end_mark = (std::uint64_t{1} << number_bits) - 1;

constexpr std::uint64_t first_word(std::uint32_t producer, std::uint64_t number) {
  return (std::uint64_t{producer} << number_bits) | number;
}
constexpr std::uint64_t number_of(std::uint64_t word) { return word & end_mark; }
constexpr std::uint32_t producer_of(std::uint64_t word) {
  return static_cast<std::uint32_t>(word >> number_bits);
}

/// Fills `words` words; `words` is at least 1.
inline void fill(std::uint64_t* to, std::size_t words, std::uint32_t producer,
                 std::uint64_t number) {
  for (std::size_t n = 0; n < words; ++n) to[n] = number;
  to[0] = first_word(producer, number);
}

/// Keeps the compiler from leaving out the copy of what is not looked at.
inline void keep(const void* data) { asm volatile("" : : "g"(data) : "memory"); }

/// Checks first and last word of a copied message.
inline std::uint64_t check_copied(const std::uint64_t* from, std::size_t words) {
  keep(from);
  const std::uint64_t number = number_of(from[0]);
  if (words > 1 && from[words - 1] != number) {
    wrong_message("torn, last word", number, from[words - 1]);
  }
  return from[0];
}

/// Reads every word of a message in place, and checks them all.
inline std::uint64_t check_in_place(const std::uint64_t* from, std::size_t words) {
  const std::uint64_t number = number_of(from[0]);
  std::uint64_t differences = 0;
  for (std::size_t n = 1; n < words; ++n) differences |= from[n] ^ number;
  if (differences != 0) wrong_message("torn, differing bits", 0, differences);
  return from[0];
}

/// Checks that the messages of each producer come in order and, where one consumer gets them all,
/// without a gap.
class sequence_check {
 public:
  explicit sequence_check(bool only_consumer) : exact_(only_consumer) {}
  void operator()(std::uint64_t word) {
    const std::uint32_t producer = producer_of(word);
    if (producer >= producers_max) wrong_message("producer", producers_max, producer);
    const std::uint64_t number = number_of(word);
    std::uint64_t& expected = next_[producer];
    if (exact_ ? number != expected : number < expected) {
      wrong_message("sequence", expected, number);
    }
    expected = number + 1;
  }

 private:
  static constexpr std::uint32_t producers_max = 4096;
  bool exact_;
  std::array<std::uint64_t, producers_max> next_{};
};

}  // namespace bench
