#include "core/block_allocator.hpp"

#include <map>
#include <random>

#include "support/catch.hpp"

using bulkhead::core::block_allocator;

TEST_CASE("blocks come lowest address first and in whole granules", "[runtime][unit]") {
  block_allocator a(1024);
  CHECK(a.free_bytes() == 1024);
  CHECK(a.allocate(1) == 0);
  CHECK(a.allocate(65) == 64);
  CHECK(a.allocate(64) == 192);
  CHECK(a.free_bytes() == 1024 - 64 - 128 - 64);
  a.release(64, 65);
  CHECK(a.allocate(64) == 64);
  CHECK(a.allocate(128) == 256);
}

TEST_CASE("an allocator with no block left that large gives nothing and loses nothing",
          "[runtime][unit]") {
  block_allocator a(256);
  CHECK_FALSE(a.allocate(257));
  CHECK(a.allocate(256) == 0);
  CHECK_FALSE(a.allocate(1));
  a.release(0, 256);
  CHECK(a.free_bytes() == 256);
  CHECK(a.allocate(256) == 0);
  CHECK_FALSE(block_allocator(0).allocate(1));
  CHECK_FALSE(block_allocator(63).allocate(1));
}

TEST_CASE("neighbours that are given back become one block again", "[runtime][unit]") {
  block_allocator a(256);
  for (std::uint64_t n = 0; n < 4; ++n) REQUIRE(a.allocate(64) == n * 64);
  const int order = GENERATE(0, 1, 2);
  const std::uint64_t orders[3][4] = {{0, 1, 2, 3}, {3, 2, 1, 0}, {0, 2, 3, 1}};
  for (const std::uint64_t n : orders[order]) a.release(n * 64, 64);
  CHECK(a.allocate(256) == 0);
}

TEST_CASE("a claim takes just that block and refuses one that is in use or outside",
          "[runtime][unit]") {
  block_allocator a(1024);
  CHECK(a.claim(256, 100));
  CHECK_FALSE(a.claim(256, 1));
  CHECK_FALSE(a.claim(320, 64));
  CHECK_FALSE(a.claim(192, 128));
  CHECK_FALSE(a.claim(1024, 1));
  CHECK_FALSE(a.claim(960, 65));
  CHECK_FALSE(a.claim(~std::uint64_t{0} - 10, 64));
  CHECK_FALSE(a.claim(~std::uint64_t{0} - 63, 64));
  CHECK(a.claim(960, 64));
  CHECK(a.free_bytes() == 1024 - 128 - 64);
  CHECK(a.allocate(512) == 384);
  CHECK(a.allocate(256) == 0);
}

TEST_CASE("random use of 16 MiB never overlaps and always comes back whole", "[runtime][unit]") {
  constexpr std::uint64_t area = 16u << 20;
  block_allocator a(area);
  std::mt19937_64 random(7);
  std::map<std::uint64_t, std::uint64_t> mine;
  std::uint64_t used = 0;
  for (int n = 0; n < 20'000; ++n) {
    if (random() % 2 == 0 || mine.empty()) {
      const std::uint64_t size = random() % 8 == 0 ? random() % (1 << 20) + 1 : random() % 5000 + 1;
      const auto at = a.allocate(size);
      if (!at) continue;
      const auto after = mine.lower_bound(*at);
      REQUIRE((after == mine.end() || after->first >= *at + size));
      if (after != mine.begin()) {
        const auto& [begin, length] = *std::prev(after);
        REQUIRE(begin + length <= *at);
      }
      REQUIRE(*at + size <= area);
      mine[*at] = size;
      used += (size + 63) / 64 * 64;
    } else {
      auto it = std::next(mine.begin(), static_cast<std::ptrdiff_t>(random() % mine.size()));
      a.release(it->first, it->second);
      used -= (it->second + 63) / 64 * 64;
      mine.erase(it);
    }
    REQUIRE(a.free_bytes() == area - used);
  }
  for (const auto& [at, size] : mine) a.release(at, size);
  CHECK(a.allocate(area) == 0);
}
