#include <algorithm>

#include "runtime/message_samples.hpp"
#include "support/catch.hpp"

namespace detail = bulkhead::detail;

namespace {

/// Stands for a queue: a handle that is only an id.
struct door {
  door() = default;
  explicit door(std::uint64_t number) : id(number) {}
  std::uint64_t id = 0;
};

/// One that may travel in messages too.
struct gate {
  std::uint64_t id = 0;
};

/// Holds one of its own kind by way of a gate to it.
struct visitor {
  std::vector<visitor> friends;
  gate way_out;
};

struct setup {
  std::string name;
  std::vector<door> doors;
  door last;
};

class list_of_ids final : public detail::endpoint_sink, public detail::endpoint_source {
 public:
  std::uint64_t add(std::uint64_t endpoint_id) override {
    ids.push_back(endpoint_id);
    return ids.size() - 1;
  }
  std::uint64_t endpoint(std::uint64_t index) override {
    return index < ids.size() ? ids[index] : detail::no_endpoint;
  }
  std::vector<std::uint64_t> ids;
};

}  // namespace

template <>
struct bulkhead::detail::endpoint_codec<door> {
  static void write(encoder& to, const door& value) { to.put_endpoint(value.id); }
  static door read(decoder& from) {
    std::uint64_t id = 0;
    if (!from.get_endpoint(id)) from.fail();
    return door(id);
  }
  static constexpr std::uint64_t fingerprint() { return hash_of("door"); }
};

template <>
struct bulkhead::detail::endpoint_codec<gate> {
  using parts = type_list<visitor>;
  static constexpr bool in_messages = true;
  static void write(encoder& to, const gate& value) { to.put_endpoint(value.id); }
  static gate read(decoder& from) {
    gate out;
    if (!from.get_endpoint(out.id)) from.fail();
    return out;
  }
  static constexpr std::uint64_t fingerprint() { return hash_of("gate"); }
};

static_assert(bulkhead::message<gate> && bulkhead::message<visitor>);
static_assert(detail::fingerprint_of<gate>() != detail::fingerprint_of<visitor>());
static_assert(detail::holds_endpoints<std::map<int, std::optional<visitor>>>());
static_assert(!detail::holds_endpoints<message_samples::document>());
static_assert(bulkhead::spawn_argument<door> && !bulkhead::message<door>);
static_assert(bulkhead::spawn_argument<setup> && !bulkhead::message<setup>);
static_assert(bulkhead::spawn_argument<std::string>);
static_assert(!bulkhead::spawn_argument<int*>);
static_assert(detail::fingerprint_of<door>() != detail::fingerprint_of<std::uint32_t>());

TEST_CASE("endpoints in an argument travel beside its bytes", "[runtime][unit]") {
  const setup sent{"pump", {door(7), door(8)}, door(9)};
  message_samples::bytes wire(detail::encoded_size(sent));
  list_of_ids list;
  detail::encoder to(wire.data(), &list);
  detail::encode(to, sent);
  CHECK(to.position() == wire.data() + wire.size());
  CHECK(list.ids == std::vector<std::uint64_t>{7, 8, 9});

  setup back;
  REQUIRE(detail::decode_all(wire, back, &list));
  CHECK(back.name == "pump");
  REQUIRE(back.doors.size() == 2);
  CHECK(back.doors[1].id == 8);
  CHECK(back.last.id == 9);

  SECTION("an index that is not in the list is a failure") {
    list.ids.pop_back();
    CHECK_FALSE(detail::decode_all(wire, back, &list));
  }
  SECTION("without a list every endpoint is a failure") {
    CHECK_FALSE(detail::decode_all(wire, back));
  }
}

TEST_CASE("an endpoint alone is an argument", "[runtime][unit]") {
  list_of_ids list;
  message_samples::bytes wire(detail::encoded_size(door(5)));
  detail::encoder to(wire.data(), &list);
  detail::encode(to, door(5));
  detail::decoder from(wire, &list);
  CHECK(detail::decode<door>(from).id == 5);
  CHECK_FALSE(from.failed());
}

TEST_CASE("an empty handle travels without being collected", "[runtime][unit]") {
  list_of_ids list;
  message_samples::bytes wire(detail::encoded_size(gate()));
  detail::encoder to(wire.data(), &list);
  detail::encode(to, gate{detail::no_endpoint});
  CHECK(list.ids.empty());
  gate back{1};
  REQUIRE(detail::decode_all(wire, back, &list));
  CHECK(back.id == detail::no_endpoint);
}

TEST_CASE("an endpoint is eight bytes wherever it is", "[runtime][unit]") {
  CHECK(detail::encoded_size(gate()) == 8);
  CHECK(detail::encoded_size(visitor()) == 12);
}

TEST_CASE("an endpoint is refused where nobody hands it over", "[runtime][unit]") {
  message_samples::bytes wire(detail::encoded_size(gate()));
  detail::encoder to(wire.data());
  CHECK_THROWS_AS(detail::encode(to, gate{1}), std::invalid_argument);
}
