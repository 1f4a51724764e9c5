#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace word_count {

/// What a byte can be to an identifier, [A-Za-z_][A-Za-z0-9_]*.
enum class byte_class : std::uint8_t { other, digit, letter };

inline constexpr std::array<byte_class, 256> byte_classes = [] {
  std::array<byte_class, 256> classes{};
  for (int c = '0'; c <= '9'; ++c) classes[c] = byte_class::digit;
  for (int c = 'A'; c <= 'Z'; ++c) classes[c] = byte_class::letter;
  for (int c = 'a'; c <= 'z'; ++c) classes[c] = byte_class::letter;
  classes['_'] = byte_class::letter;
  return classes;
}();

[[nodiscard]] inline byte_class class_of(char c) noexcept {
  return byte_classes[static_cast<unsigned char>(c)];
}

/// Calls `visit` with each identifier that starts in the first `border` bytes of `text`; the last
/// of them may reach beyond.
template <class Visit>
void for_each_identifier(std::string_view text, std::size_t border, Visit&& visit) {
  const char* const end = text.data() + text.size();
  const char* const last_start = text.data() + border;
  const char* at = text.data();
  while (at < last_start) {
    if (class_of(*at) != byte_class::letter) {
      ++at;
      continue;
    }
    const char* const start = at;
    do ++at;
    while (at < end && class_of(*at) != byte_class::other);
    visit(std::string_view(start, static_cast<std::size_t>(at - start)));
  }
}

/// Whether the place behind a text is inside an identifier.
enum class inside : std::uint8_t {
  no,
  yes,
  unknown,  ///< The text is digits only: what stands before it decides.
};

/// A letter is always part of an identifier, a digit only where one stands before its run of
/// digits.
[[nodiscard]] inline inside ends_inside_identifier(std::string_view text) noexcept {
  while (!text.empty() && class_of(text.back()) == byte_class::digit) text.remove_suffix(1);
  if (text.empty()) return inside::unknown;
  return class_of(text.back()) == byte_class::letter ? inside::yes : inside::no;
}

}  // namespace word_count
