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

struct setup {
  std::string name;
  std::vector<door> doors;
  door last;
};

class list_of_ids final : public detail::endpoint_sink, public detail::endpoint_source {
 public:
  std::uint32_t add(std::uint64_t endpoint_id) override {
    ids.push_back(endpoint_id);
    return static_cast<std::uint32_t>(ids.size() - 1);
  }
  std::uint64_t endpoint(std::uint32_t index) override {
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
