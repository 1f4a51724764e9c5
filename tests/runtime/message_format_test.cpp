#include <initializer_list>

#include "runtime/message_samples.hpp"
#include "support/catch.hpp"

// docs/message-format.md, byte for byte: programs built apart must agree on it.
using namespace message_samples;

namespace {

bytes wire(std::initializer_list<unsigned> values) {
  bytes out;
  for (const unsigned value : values) out.push_back(static_cast<std::byte>(value));
  return out;
}

template <class... Fields>
bytes concatenated(const Fields&... fields) {
  bytes out;
  const auto append = [&out](const bytes& more) {
    out.insert(out.end(), more.begin(), more.end());
  };
  (append(encoded(fields)), ...);
  return out;
}

}  // namespace

TEST_CASE("numbers are little-endian, flags are one byte", "[runtime][unit]") {
  CHECK(encoded(std::uint32_t{0x01020304}) == wire({4, 3, 2, 1}));
  CHECK(encoded(std::int16_t{-2}) == wire({0xfe, 0xff}));
  CHECK(encoded(1.0) == wire({0, 0, 0, 0, 0, 0, 0xf0, 0x3f}));
  CHECK(encoded(true) == wire({1}));
  CHECK(encoded(std::optional<std::uint8_t>(7)) == wire({1, 7}));
  CHECK(encoded(std::optional<std::uint8_t>()) == wire({0}));
  CHECK(encoded(std::make_unique<std::uint8_t>(std::uint8_t{7})) == wire({1, 7}));
}

TEST_CASE("containers are a length of 32 bits and their elements", "[runtime][unit]") {
  CHECK(encoded(std::string("ab")) == wire({2, 0, 0, 0, 'a', 'b'}));
  CHECK(encoded(std::vector<std::uint16_t>{1, 2}) == wire({2, 0, 0, 0, 1, 0, 2, 0}));
  CHECK(encoded(std::vector<bool>{true, false}) == wire({2, 0, 0, 0, 1, 0}));
  CHECK(encoded(std::map<char, bool>{{'b', true}, {'a', false}}) ==
        wire({2, 0, 0, 0, 'a', 0, 'b', 1}));
  CHECK(encoded(std::set<char>{'z', 'y'}) == wire({2, 0, 0, 0, 'y', 'z'}));
  CHECK(encoded(std::array<std::uint8_t, 2>{8, 9}) == wire({8, 9}));
}

TEST_CASE("a variant is the index of its alternative and the value", "[runtime][unit]") {
  using choice = std::variant<std::monostate, std::uint8_t, std::string>;
  CHECK(encoded(choice()) == wire({0}));
  CHECK(encoded(choice(std::uint8_t{5})) == wire({1, 5}));
  CHECK(encoded(choice(std::string("x"))) == wire({2, 1, 0, 0, 0, 'x'}));
}

TEST_CASE("a struct is its fields in order and no byte more", "[runtime][unit]") {
  // What takes messages apart without knowing their types relies on this.
  const point place{1, 2};
  CHECK(encoded(place) == concatenated(place.x, place.y));
  const padded item{'t', 2.5, true};
  CHECK(encoded(item) == concatenated(item.tag, item.weight, item.set));
  const order bought{9, "bo", {{1, 2}}, colour::red};
  CHECK(encoded(bought) == concatenated(bought.id, bought.customer, bought.path, bought.paint));
  CHECK(encoded(empty()).empty());
  CHECK(encoded(std::pair(place, item)) == concatenated(place, item));
  CHECK(encoded(std::tuple(item, bought)) == concatenated(item, bought));
}

TEST_CASE("the unused bytes of a long double are not the stack's", "[runtime][unit]") {
  const bytes wide_number = encoded(1.0L);
  REQUIRE(wide_number.size() == sizeof(long double));
  if (std::numeric_limits<long double>::digits == 64) {
    for (std::size_t i = 10; i < wide_number.size(); ++i) CHECK(wide_number[i] == std::byte{0});
  }
}
