#include "runtime/message_own_types.hpp"

#include "runtime/message_samples.hpp"
#include "support/catch.hpp"

// enable_bytes, inspect and schema_version. The samples of message_samples.cpp take these types
// through the tests of round trips and of hostile bytes as well.
namespace detail = bulkhead::detail;
using namespace message_samples;

namespace {

struct metres {
  double value = 0;
};
struct feet {
  double value = 0;
};

/// Two fields by inspect, as a pair of numbers; another with the same.
struct one {
  int a = 0;
  int b = 0;
};
template <class Inspector>
bool inspect(Inspector& f, one& x) {
  return f.object(x).fields(f.field("a", x.a), f.field("b", x.b));
}
struct other {
  int a = 0;
  int b = 0;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, other& x) {
  return f(x.a, x.b);
}
struct fewer {
  int a = 0;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, fewer& x) {
  return f(x.a);
}

/// A list by inspect.
struct hop {
  std::vector<hop> next;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, hop& x) {
  return f(x.next);
}

hop hops(unsigned count) {
  hop front;
  for (unsigned i = 1; i < count; ++i) {
    hop longer;
    longer.next.push_back(std::move(front));
    front = std::move(longer);
  }
  return front;
}

}  // namespace

template <>
inline constexpr std::uint32_t bulkhead::schema_version<feet> = 2;

TEST_CASE("a class with enable_bytes travels as its bytes in memory", "[runtime][unit]") {
  STATIC_REQUIRE(detail::fixed_size_of<vec3> == sizeof(vec3));
  const vec3 sent(1, 2, 3);
  const bytes wire = encoded(sent);
  CHECK(std::memcmp(wire.data(), &sent, sizeof sent) == 0);
  // A vector of them is one copy.
  STATIC_REQUIRE(detail::codec<vec3>::any_bits);
}

TEST_CASE("an inspected object is the number of its fields and the fields", "[runtime][unit]") {
  const ticket paper(5, "ada");
  bytes expected = {std::byte{3}};
  for (const bytes& part : {encoded(5), encoded(std::string("ada")), encoded(0)}) {
    expected.insert(expected.end(), part.begin(), part.end());
  }
  CHECK(encoded(paper) == expected);
  CHECK(encoded(blank()) == bytes{std::byte{0}});
  CHECK(encoded(partly{1, 2}).size() == 5);
  // Both dialects have one format.
  CHECK(encoded(one{1, 2}) == encoded(other{1, 2}));
}

TEST_CASE("an inspection's callback runs once for a load", "[runtime][unit]") {
  account back;
  REQUIRE(detail::decode_all(encoded(account("ada", 5)), back));
  CHECK(back == account("ada", 5));
  CHECK(back.loads == 1);
}

TEST_CASE("an inspection's invariant holds on both sides", "[runtime][unit]") {
  CHECK_THROWS_AS(detail::encoded_size(account("ada", -1)), std::invalid_argument);
  bytes wire = encoded(account("", 1));
  // The count, the empty name, then eight bytes of cents: the last one has the sign.
  wire[1 + 4 + 7] = std::byte{0x80};
  account back;
  CHECK_FALSE(detail::decode_all(wire, back));
}

TEST_CASE("another number of fields than the sender's is a failure", "[runtime][unit]") {
  bytes wire = encoded(one{1, 2});
  one back;
  REQUIRE(detail::decode_all(wire, back));
  wire[0] = std::byte{1};
  CHECK_FALSE(detail::decode_all(wire, back));
}

TEST_CASE("many inspected objects of one byte are no claim of nothing", "[runtime][unit]") {
  std::vector<blank> many(detail::zero_sized_elements_max + 1);
  std::vector<blank> back;
  REQUIRE(detail::decode_all(encoded(many), back));
  CHECK(back.size() == many.size());
}

TEST_CASE("recursion by inspect has the depth limit of any other", "[runtime][unit]") {
  hop back;
  CHECK(detail::decode_all(encoded(hops(detail::depth_max)), back));
  CHECK(detail::encoded_size(hops(detail::depth_max + 1)) >= detail::oversize);
  bytes deep;
  for (int i = 0; i < 100'000; ++i) {
    for (const unsigned byte : {1u, 1u, 0u, 0u, 0u}) deep.push_back(static_cast<std::byte>(byte));
  }
  CHECK_FALSE(detail::decode_all(deep, back));
}

TEST_CASE("an inspection's fields are its fingerprint", "[runtime][unit]") {
  using detail::fingerprint_of;
  CHECK(fingerprint_of<one>() == fingerprint_of<other>());
  CHECK(fingerprint_of<one>() != fingerprint_of<fewer>());
  CHECK(fingerprint_of<one>() != fingerprint_of<std::pair<int, int>>());
  CHECK(fingerprint_of<ticket>() != fingerprint_of<account>());
  CHECK(fingerprint_of<hop>() != fingerprint_of<ticket>());
  CHECK(fingerprint_of<std::vector<one>>() != fingerprint_of<std::vector<fewer>>());
}

TEST_CASE("the schema version is in the fingerprint, also deep inside", "[runtime][unit]") {
  using detail::fingerprint_of;
  STATIC_REQUIRE(fingerprint_of<metres>() != fingerprint_of<feet>());
  STATIC_REQUIRE(fingerprint_of<std::map<int, std::vector<metres>>>() !=
                 fingerprint_of<std::map<int, std::vector<feet>>>());
  CHECK(encoded(metres{1}) == encoded(feet{1}));
}

TEST_CASE("a class of bytes is told by its size and alignment", "[runtime][unit]") {
  using detail::fingerprint_of;
  STATIC_REQUIRE(fingerprint_of<vec3>() != fingerprint_of<std::array<float, 4>>());
  STATIC_REQUIRE(fingerprint_of<vec3>() != fingerprint_of<std::array<std::byte, sizeof(vec3)>>());
}
