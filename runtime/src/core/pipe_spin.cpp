#include <bulkhead/detail/pipe_port.hpp>

#include "core/relax.hpp"

// The short looks before a wait, while the peer is awake and about to come. Out of line and cold,
// so that the calls that need not wait stay short. What they find out about the peer is kept as
// `patience`: full after a success, halved after each failure, so that a process whose peer sleeps
// or shares its CPU goes to the wait proper almost at once.
namespace bulkhead::detail {
namespace {

constexpr std::uint32_t patience_full = 32;  // rounds of a pause and eight looks: a microsecond
constexpr int looks_a_round = 8;

template <class Look>
bool spin(std::uint32_t& patience, Look look) noexcept {
  const std::uint32_t rounds = patience == 0 ? 1 : patience;
  for (std::uint32_t round = 0; round < rounds; ++round) {
    for (int n = 0; n < looks_a_round; ++n) {
      if (look()) {
        patience = patience_full;
        return true;
      }
    }
    core::relax();
  }
  patience /= 2;
  return false;
}

}  // namespace

// An eighth of the ring, so that a sender that is faster than its receiver does not fetch the
// head's line for each message; what there is when the patience ends will do.
[[gnu::noinline, gnu::cold]] bool pipe_out_port::spin_for_room() noexcept {
  const std::uint64_t wanted = capacity / 8 + 1;
  return spin(patience, [&] { return look(wanted); }) || look(1);
}

[[gnu::noinline, gnu::cold]] bool pipe_in_port::spin_for_message() noexcept {
  return spin(patience, [&] { return look(); });
}

}  // namespace bulkhead::detail
