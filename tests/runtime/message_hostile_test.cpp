#include <random>

#include "runtime/message_samples.hpp"
#include "support/catch.hpp"

// Bytes from a peer may be anything. What is read of them is a value or a failure, and never takes
// more memory than their number allows.
namespace detail = bulkhead::detail;
using namespace message_samples;

namespace {

std::size_t allocated = 0;

template <class T>
struct counting_allocator {
  using value_type = T;
  counting_allocator() = default;
  template <class U>
  counting_allocator(const counting_allocator<U>&) {}  // NOLINT: allocators convert
  T* allocate(std::size_t n) {
    allocated += n * sizeof(T);
    return std::allocator<T>().allocate(n);
  }
  void deallocate(T* at, std::size_t n) { std::allocator<T>().deallocate(at, n); }
  bool operator==(const counting_allocator&) const { return true; }
};

template <class T>
using counted = std::vector<T, counting_allocator<T>>;

struct counted_tree {
  counted<counted_tree> kids;
};

struct bulky {
  std::optional<std::array<std::uint64_t, 512>> block;
};

bytes repeated(std::initializer_list<unsigned> pattern, std::size_t times) {
  bytes out(pattern.size() * times);
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i] = static_cast<std::byte>(pattern.begin()[i % pattern.size()]);
  }
  return out;
}

/// Reads a T from `wire`; if that works, the value must be one that can be sent again.
template <class T>
bool survives(const bytes& wire) {
  T value{};
  if (!detail::decode_all(wire, value)) return false;
  (void)encoded(value);
  return true;
}

}  // namespace

TEST_CASE("every value cut short is a failure and leaves an empty value", "[runtime][unit]") {
  for (const sample& value : all()) {
    INFO(value.type);
    int wrong = 0;
    for (std::size_t kept = 0; kept < value.wire.size(); ++kept) {
      // A copy of its own, so that a sanitizer sees a read behind its end.
      const bytes cut(value.wire.begin(), value.wire.begin() + static_cast<std::ptrdiff_t>(kept));
      if (value.read(cut) != outcome::refused) ++wrong;
    }
    CHECK(wrong == 0);
  }
}

TEST_CASE("bytes behind a value are a failure", "[runtime][unit]") {
  for (const sample& value : all()) {
    INFO(value.type);
    bytes more = value.wire;
    more.resize(more.size() + 1);
    CHECK(value.read(more) == outcome::refused);
  }
}

TEST_CASE("any single byte may be changed", "[runtime][unit]") {
  const auto seed = GENERATE(1u, 2u, 3u);
  CAPTURE(seed);
  std::mt19937 random(seed);
  for (const sample& value : all()) {
    INFO(value.type);
    int dirty = 0;
    for (std::size_t at = 0; at < value.wire.size(); ++at) {
      for (int i = 0; i < 4; ++i) {
        bytes bad = value.wire;
        bad[at] = static_cast<std::byte>(random());
        if (value.read(bad) == outcome::refused_and_dirty) ++dirty;
      }
    }
    CHECK(dirty == 0);
  }
}

TEST_CASE("noise is a value or a failure", "[runtime][unit]") {
  std::mt19937 random(4);
  int values = 0;
  for (int i = 0; i < 20'000; ++i) {
    bytes noise(random() % 64);
    // Small numbers, so that lengths and indices are often right.
    for (std::byte& byte : noise) byte = static_cast<std::byte>(random() % 3);
    values += survives<document>(noise) ? 1 : 0;
    values += survives<tree>(noise) ? 1 : 0;
    values += survives<holder>(noise) ? 1 : 0;
    values += survives<std::map<std::string, std::optional<int>>>(noise) ? 1 : 0;
  }
  CHECK(values > 0);
}

TEST_CASE("flags and indices out of their range are failures", "[runtime][unit]") {
  CHECK_FALSE(survives<bool>(repeated({2}, 1)));
  CHECK_FALSE(survives<answer>(repeated({2}, 1)));
  CHECK_FALSE(survives<std::array<bool, 2>>(repeated({1, 255}, 1)));
  CHECK_FALSE(survives<std::vector<bool>>(repeated({1, 0, 0, 0, 2}, 1)));
  CHECK_FALSE(survives<std::deque<bool>>(repeated({1, 0, 0, 0, 2}, 1)));
  CHECK_FALSE(survives<std::optional<char>>(repeated({2, 0}, 1)));
  CHECK_FALSE(survives<std::unique_ptr<char>>(repeated({2, 0}, 1)));
  CHECK_FALSE(survives<std::variant<char, char>>(repeated({2, 0}, 1)));
  CHECK(survives<std::variant<char, char>>(repeated({1, 0}, 1)));
}

TEST_CASE("a key that comes twice is a failure where keys are unique", "[runtime][unit]") {
  const bytes twice = repeated({2, 0, 0, 0, 7, 7}, 1);
  CHECK_FALSE(survives<std::set<char>>(twice));
  CHECK_FALSE(survives<std::unordered_set<char>>(twice));
  CHECK(survives<std::multiset<char>>(twice));
  CHECK_FALSE((survives<std::map<char, empty>>(twice)));
  CHECK((survives<std::multimap<char, empty>>(twice)));
}

TEST_CASE("a length that cannot be true allocates nothing", "[runtime][unit]") {
  const bytes lie = repeated({255, 255, 255, 255, 0, 0, 0, 0}, 1);
  allocated = 0;
  CHECK_FALSE(survives<counted<std::uint32_t>>(lie));
  CHECK_FALSE(survives<counted<std::string>>(lie));
  CHECK_FALSE(survives<counted<bool>>(lie));
  CHECK_FALSE(survives<counted<empty>>(lie));
  CHECK_FALSE((survives<std::set<int, std::less<>, counting_allocator<int>>>(lie)));
  CHECK(allocated == 0);
}

TEST_CASE("a length that may be true does not allocate ahead of its elements", "[runtime][unit]") {
  // 1000 bulky elements of a byte each would be possible, but the second one is bad.
  bytes wire = repeated({232, 3, 0, 0, 0, 9}, 1);
  wire.resize(4 + 1000);
  allocated = 0;
  CHECK_FALSE(survives<counted<bulky>>(wire));
  CHECK(allocated <= 4 * sizeof(bulky) + wire.size());
}

TEST_CASE("recursion claims no more than the bytes allow", "[runtime][unit]") {
  // Each level claims as many kids as could follow: 16384 of at least 4 bytes each.
  const bytes wire = repeated({0, 64, 0, 0}, 40'000);
  allocated = 0;
  CHECK_FALSE(survives<counted_tree>(wire));
  CHECK(allocated <= 4 * wire.size() + 64 * sizeof(counted_tree));
}

TEST_CASE("recursion ends at its limit", "[runtime][unit]") {
  // A chain: label, flag, and again; it would go on for 100000 links.
  CHECK_FALSE(survives<chain>(repeated({0, 0, 0, 0, 1}, 100'000)));
  CHECK_FALSE(survives<tree>(repeated({0, 0, 0, 0, 1, 0, 0, 0}, 100'000)));
  CHECK_FALSE(survives<document>(repeated({4, 1, 0, 0, 0}, 100'000)));
}

TEST_CASE("elements without bytes do not multiply", "[runtime][unit]") {
  // 1000 vectors of 65536 empty elements each would be 64 MB from 4 KB.
  bytes wire = repeated({232, 3, 0, 0}, 1);
  const bytes claims = repeated({0, 0, 1, 0}, 1000);
  wire.insert(wire.end(), claims.begin(), claims.end());
  allocated = 0;
  CHECK_FALSE(survives<counted<counted<empty>>>(wire));
  CHECK(allocated < 512 * 1024);
}

TEST_CASE("nothing is read after a failure", "[runtime][unit]") {
  const bytes wire = repeated({2, 5, 6}, 1);
  detail::decoder from(wire);
  CHECK_FALSE(detail::decode<bool>(from));
  REQUIRE(from.failed());
  CHECK(detail::decode<char>(from) == 0);
  CHECK(detail::decode<order>(from) == order{});
  CHECK(detail::decode<empty>(from) == empty{});
  CHECK(from.failed());
}
