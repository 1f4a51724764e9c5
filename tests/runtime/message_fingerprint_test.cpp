#include <set>

#include "runtime/message_samples.hpp"
#include "support/catch.hpp"

using bulkhead::detail::fingerprint_of;
namespace samples = message_samples;

namespace {

struct job {
  int id;
  std::string text;
};
struct same_as_job {
  std::int32_t number;
  std::string words;
};
struct swapped {
  std::string text;
  int id;
};
struct longer {
  int id;
  std::string text;
  bool more;
};
struct widened {
  long id;
  std::string text;
};
struct unsigned_job {
  unsigned id;
  std::string text;
};
struct nested {
  job inner;
};

enum class large : std::uint32_t {};

// A type that holds itself, the same by another name, and others of nearly that shape.
struct tree {
  std::vector<tree> kids;
};
struct bush {
  std::vector<bush> twigs;
};
struct labelled {
  int label;
  std::vector<labelled> kids;
};
struct shallow {
  std::vector<samples::empty> kids;
};

// Each holds the other; only how far out the circle closes differs.
struct two_b;
struct two_a {
  std::vector<two_b> others;
};
struct two_b {
  std::vector<two_a> others;
};
struct twisted_b;
struct twisted_a {
  std::vector<twisted_b> others;
};
struct twisted_b {
  std::vector<twisted_b> selves;
};

}  // namespace

TEST_CASE("equal structure has an equal fingerprint, whatever the names", "[runtime][unit]") {
  STATIC_REQUIRE(fingerprint_of<job>() == fingerprint_of<same_as_job>());
  STATIC_REQUIRE(fingerprint_of<tree>() == fingerprint_of<bush>());
  STATIC_REQUIRE(fingerprint_of<long>() == fingerprint_of<std::int64_t>());
  STATIC_REQUIRE(fingerprint_of<long long>() == fingerprint_of<long>());
}

TEST_CASE("any change of structure changes the fingerprint", "[runtime][unit]") {
  // One wide sweep: these are all different from one another.
  const std::vector<std::uint64_t> all = {
      fingerprint_of<job>(),
      fingerprint_of<swapped>(),
      fingerprint_of<longer>(),
      fingerprint_of<widened>(),
      fingerprint_of<unsigned_job>(),
      fingerprint_of<nested>(),
      fingerprint_of<std::pair<int, std::string>>(),
      fingerprint_of<bool>(),
      fingerprint_of<std::uint8_t>(),
      fingerprint_of<std::int8_t>(),
      fingerprint_of<std::byte>(),
      fingerprint_of<samples::answer>(),
      fingerprint_of<large>(),
      fingerprint_of<int>(),
      fingerprint_of<float>(),
      fingerprint_of<double>(),
      fingerprint_of<std::string>(),
      fingerprint_of<std::vector<char>>(),
      fingerprint_of<std::vector<int>>(),
      fingerprint_of<std::set<int>>(),
      fingerprint_of<std::multiset<int>>(),
      fingerprint_of<std::map<int, int>>(),
      fingerprint_of<std::array<int, 1>>(),
      fingerprint_of<std::array<int, 2>>(),
      fingerprint_of<std::optional<int>>(),
      fingerprint_of<std::unique_ptr<int>>(),
      fingerprint_of<std::variant<int, int>>(),
      fingerprint_of<std::variant<int, float>>(),
      fingerprint_of<std::variant<float, int>>(),
      fingerprint_of<std::monostate>(),
      fingerprint_of<std::tuple<>>(),
      fingerprint_of<std::tuple<int>>(),
      fingerprint_of<std::tuple<int, int>>(),
      fingerprint_of<std::tuple<std::tuple<int>, int>>(),
      fingerprint_of<std::tuple<std::tuple<int, int>>>(),
      fingerprint_of<std::chrono::seconds>(),
      fingerprint_of<std::chrono::milliseconds>(),
      fingerprint_of<std::chrono::system_clock::time_point>(),
      fingerprint_of<std::chrono::steady_clock::time_point>(),
      fingerprint_of<samples::empty>(),
      fingerprint_of<tree>(),
      fingerprint_of<labelled>(),
      fingerprint_of<shallow>(),
      fingerprint_of<two_a>(),
      fingerprint_of<twisted_a>(),
      fingerprint_of<samples::chain>(),
      fingerprint_of<samples::document>(),
  };
  const std::set<std::uint64_t> distinct(all.begin(), all.end());
  CHECK(distinct.size() == all.size());
}

TEST_CASE("containers with the same bytes stand in for one another", "[runtime][unit]") {
  STATIC_REQUIRE(fingerprint_of<std::vector<int>>() == fingerprint_of<std::deque<int>>());
  STATIC_REQUIRE(fingerprint_of<std::map<int, int>>() ==
                 fingerprint_of<std::unordered_map<int, int>>());
  STATIC_REQUIRE(fingerprint_of<std::vector<bool>>() == fingerprint_of<std::deque<bool>>());
  STATIC_REQUIRE(fingerprint_of<std::pair<int, char>>() == fingerprint_of<std::tuple<int, char>>());
}

TEST_CASE("the fingerprint does not change from build to build", "[runtime][unit]") {
  // A new number here means that programs of before and after do not join: raise
  // message_format_version and say so in the CHANGELOG.
  CHECK(fingerprint_of<samples::order>() == 0xc6f663b728486acfu);
}
