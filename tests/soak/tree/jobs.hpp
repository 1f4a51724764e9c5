#pragma once

#include <bulkhead/bulkhead.hpp>
#include <cstdint>

#include "soak/stages.hpp"

// What the children of the tree do: take jobs, do what these say, and pass them on, exactly once.
namespace soak {

using job = item;
using jobs = bulkhead::queue<job>;

/// The tree below the host: `mids` supervisors in processes of their own, each with `lows` nested
/// ones, each with `workers` processes.
inline constexpr int mids = 4;
inline constexpr int lows = 4;
inline constexpr int workers = 6;
inline constexpr int processes = mids * (1 + lows * workers);
static_assert(processes == 100);

/// Also the name of its process, as `ps` shows it: "m2", and "m2.l1.w3" below it.
std::string mid_name(int mid);

/// Builds a mid with all that is below it.
void build_mid(bulkhead::supervisor& mid, int number, jobs from, jobs to);

/// Options of a supervisor that bears whatever the storm does.
bulkhead::supervisor_options unshaken(std::string name);

}  // namespace soak
