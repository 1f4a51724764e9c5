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
constexpr std::uint64_t default_sequences = 100'000;
#else  // Unoptimised and under sanitizers they would take a minute and more.
constexpr std::uint64_t default_sequences = 10'000;
#endif

}  // namespace

// BULKHEAD_TEST_SEQUENCES=<count> runs that many;
// BULKHEAD_TEST_SEED=<seed> runs one sequence again.
TEST_CASE("the laws of supervision hold over random sequences of events", "[supervision][unit]") {
  const auto only = number_in("BULKHEAD_TEST_SEED");
  const std::uint64_t first = only.value_or(1);
  const std::uint64_t sequences =
      only ? 1 : number_in("BULKHEAD_TEST_SEQUENCES").value_or(default_sequences);
  std::uint64_t events = 0;
  std::uint64_t gave_up = 0;
  for (std::uint64_t seed = first; seed < first + sequences; ++seed) {
    world w{seed};
    try {
      w.run(60);
    } catch (const std::exception& broken) {
      FAIL("BULKHEAD_TEST_SEED=" << seed << ": " << broken.what());
    }
    events += w.events;
    gave_up += w.gave_up;
  }
  CAPTURE(events, gave_up);
  // The sequences reach what they are meant to test.
  CHECK((only || events > 20 * sequences));
  CHECK((only || gave_up > sequences / 100));
}
