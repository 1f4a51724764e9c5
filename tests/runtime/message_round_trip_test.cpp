#include "runtime/message_samples.hpp"
#include "support/catch.hpp"

namespace detail = bulkhead::detail;
using namespace message_samples;

TEST_CASE("a value of every kind comes back equal from its bytes", "[runtime][unit]") {
  for (const sample& value : all()) {
    INFO(value.type);
    CHECK(value.read(value.wire) == outcome::equal);
  }
}

TEST_CASE("values that follow one another are read one after the other", "[runtime][unit]") {
  const order first{1, "a", {}, std::nullopt};
  const tree second{2, {{3, {}}}};
  bytes both = encoded(first);
  const bytes rest = encoded(second);
  both.insert(both.end(), rest.begin(), rest.end());

  detail::decoder from(both);
  CHECK(detail::decode<order>(from) == first);
  CHECK(detail::decode<tree>(from) == second);
  CHECK(from.left() == 0);
  CHECK_FALSE(from.failed());
}

TEST_CASE("an owned value travels, and its absence too", "[runtime][unit]") {
  std::unique_ptr<std::string> back;
  REQUIRE(detail::decode_all(encoded(std::make_unique<std::string>("mine")), back));
  REQUIRE(back != nullptr);
  CHECK(*back == "mine");
  REQUIRE(detail::decode_all(encoded(std::unique_ptr<std::string>()), back));
  CHECK(back == nullptr);
}

TEST_CASE("defaults of a struct's fields do not show through what was sent", "[runtime][unit]") {
  // order's own defaults are a name, a path of one point and a colour.
  const auto back = [] {
    order out;
    REQUIRE(detail::decode_all(encoded(order{0, "", {}, std::nullopt}), out));
    return out;
  }();
  CHECK(back.customer.empty());
  CHECK(back.path.empty());
  CHECK_FALSE(back.paint.has_value());
}

TEST_CASE("a variant without a value is the sender's error", "[runtime][unit]") {
  std::variant<int, std::deque<int>> value(1);
  CHECK_THROWS_AS(value.emplace<1>(std::string::npos), std::length_error);
  REQUIRE(value.valueless_by_exception());
  CHECK_THROWS_AS(detail::encoded_size(value), std::bad_variant_access);
}
