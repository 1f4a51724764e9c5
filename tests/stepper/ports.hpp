#pragma once

#include "stepper/scenario.hpp"

namespace stepper {

/// The worker's ports to both queues, as its process has them, which its one thread owns: they were
/// lent what there is to lend, messages of `in` and places of `out`.
struct party_ports {
  explicit party_ports(stage& s);

  /// What a send by the port does when somebody is to be heeded. @returns false: it was withdrawn.
  bool heed_sent();

  party* worker;
  bulkhead::detail::queue_ports in;
  bulkhead::detail::queue_ports out;
};

/// Ends a scenario's setup in front of the last places of a lap that a port is lent: what a lap's
/// first message and a lane's first one find out is not the port's.
void turn_to_lent_places(stage& s);

}  // namespace stepper
