#include "runtime/message_samples.hpp"
#include "support/catch.hpp"

namespace detail = bulkhead::detail;
using namespace message_samples;

namespace {

static_assert(detail::fixed_size_of<int> == 4);
static_assert(detail::fixed_size_of<colour> == 1);
static_assert(detail::fixed_size_of<std::chrono::nanoseconds> == 8);
static_assert(detail::fixed_size_of<point> == 8);
static_assert(detail::fixed_size_of<padded> == 10, "the padding does not travel");
static_assert(detail::fixed_size_of<std::array<padded, 3>> == 30);
static_assert(detail::fixed_size_of<std::tuple<char, point, empty>> == 9);
static_assert(detail::is_fixed_size<empty> && detail::fixed_size_of<empty> == 0);
static_assert(detail::is_fixed_size<std::array<std::string, 0>>);
static_assert(!detail::is_fixed_size<std::string> && detail::fixed_size_of<std::string> == 0);
static_assert(!detail::is_fixed_size<order>);
static_assert(!detail::is_fixed_size<std::optional<int>>);
static_assert(!detail::is_fixed_size<tree>);

// What is copied whole: no padding, and nothing that must be looked at.
static_assert(detail::codec<point>::any_bits);
static_assert(!detail::codec<padded>::raw);
static_assert(detail::codec<std::array<bool, 2>>::raw);
static_assert(!detail::codec<std::array<bool, 2>>::any_bits);

// Only named here: a real variant of that size takes the compiler a minute, and is beyond clang 14.
#ifndef __clang__
template <std::size_t... I>
constexpr std::size_t index_bytes(std::index_sequence<I...>) {
  return detail::codec<std::variant<decltype((void)I, char())...>>::min_size;
}
static_assert(index_bytes(std::make_index_sequence<256>()) == 1);
static_assert(index_bytes(std::make_index_sequence<257>()) == 2);
#endif

struct pointer_inside {
  int* address;
};
class closed_class {
 public:
  int open;

 private:
  [[maybe_unused]] int shut_;
};

static_assert(!bulkhead::message<int*>);
static_assert(!bulkhead::message<int&>);
static_assert(!bulkhead::message<const int>);
static_assert(!bulkhead::message<int[3]>);
static_assert(!bulkhead::message<std::string_view>);
static_assert(!bulkhead::message<pointer_inside>);
static_assert(!bulkhead::message<std::vector<pointer_inside>>);
static_assert(!bulkhead::message<closed_class>);
static_assert(!bulkhead::message<std::shared_ptr<int>>);
static_assert(!bulkhead::message<void>);

}  // namespace

TEST_CASE("what recurses deeper than a receiver follows is too large to send", "[runtime][unit]") {
  const chain deepest = chain_of(static_cast<int>(detail::depth_max));
  CHECK(detail::encoded_size(deepest) < detail::oversize);
  chain back;
  CHECK(detail::decode_all(encoded(deepest), back));

  const chain deeper = chain_of(static_cast<int>(detail::depth_max) + 1);
  CHECK(detail::encoded_size(deeper) >= detail::oversize);
}

TEST_CASE("elements without bytes are bounded in all of a message", "[runtime][unit]") {
  using hollow = std::vector<std::vector<empty>>;
  const std::vector<empty> half(detail::zero_sized_elements_max / 2);
  CHECK(detail::encoded_size(hollow{half, half}) == 12);
  CHECK(detail::encoded_size(hollow{half, half, {{}}}) >= detail::oversize);
  hollow back;
  CHECK(detail::decode_all(encoded(hollow{half, half}), back));
  CHECK(back.size() == 2);
}

TEST_CASE("a container of too many elements is too large to send", "[runtime][unit]") {
  detail::size_meter meter;
  meter.add_length(detail::length_max, 1);
  CHECK(meter.bytes() == detail::length_bytes);
  meter.add_length(detail::length_max + 1, 1);
  CHECK(meter.bytes() >= detail::oversize);
}
