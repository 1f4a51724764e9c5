#include <cstdlib>
#include <optional>

#include "runtime/supervision_world.hpp"
#include "support/catch.hpp"

using namespace bulkhead_test;

namespace {

std::optional<std::uint64_t> number_in(const char* variable) {
  const char* text = std::getenv(variable);
  if (text == nullptr) return std::nullopt;
  return std::strtoull(text, nullptr, 10);
}

#ifdef NDEBUG
constexpr std::uint64_t default_sequences = 200'000;
#else  // Unoptimised and under sanitizers they would take a minute and more.
constexpr std::uint64_t default_sequences = 20'000;
#endif

}  // namespace

// Each sequence is of one strategy, drawn with everything else from its seed; the same seeds each
// time, so that a failure is found again. BULKHEAD_TEST_SEQUENCES=<count> runs that many,
// BULKHEAD_TEST_FIRST=<seed> others, BULKHEAD_TEST_SEED=<seed> one sequence again.
TEST_CASE("the laws of supervision hold over random sequences of events", "[supervision][unit]") {
  const auto only = number_in("BULKHEAD_TEST_SEED");
  const std::uint64_t first = only.value_or(number_in("BULKHEAD_TEST_FIRST").value_or(1));
  const std::uint64_t sequences =
      only ? 1 : number_in("BULKHEAD_TEST_SEQUENCES").value_or(default_sequences);
  reached all;
  for (std::uint64_t seed = first; seed < first + sequences; ++seed) {
    try {
      world(seed, all).run(80);
    } catch (const std::exception& broken) {
      FAIL("BULKHEAD_TEST_SEED=" << seed << ": " << broken.what());
    }
  }
  CAPTURE(all.events, all.gave_up, all.over_budget, all.significant, all.group_stops,
          all.group_starts, all.dynamic);
  CHECK(all.events > 0);
  if (only) return;
  // The sequences reach what they are meant to test.
  CHECK(all.events > 20 * sequences);
  CHECK(all.gave_up > sequences / 100);
  CHECK(all.over_budget > sequences / 200);
  CHECK(all.significant > sequences / 200);
  CHECK(all.group_stops > sequences / 8);
  CHECK(all.group_starts > sequences / 4);
  CHECK(all.dynamic > sequences / 4);
}
