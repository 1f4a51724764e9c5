// An actor in a process of its own: it answers as a local one would. When its process dies, what
// was asked fails at once with how, monitors hear it, and a new one takes over.
#include <bulkhead/actors/actors.hpp>
#include <bulkhead/bulkhead.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>
#include <caf/typed_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <csignal>
#include <iostream>

using ping_atom = caf::atom_constant<caf::atom("ping")>;
using crash_atom = caf::atom_constant<caf::atom("crash")>;
using ponger = caf::typed_actor<caf::replies_to<ping_atom, int>::with<int>,  //
                                caf::replies_to<crash_atom>::with<int>>;

ponger::behavior_type pong(ponger::pointer, int step) {
  return {[step](ping_atom, int n) { return n + step; },
          [](crash_atom) -> int { return ::raise(SIGSEGV); }};
}

int main(int argc, char** argv) {
  bulkhead::init(argc, argv);
  bulkhead::runtime rt;
  bulkhead::actors::system sys{rt};
  caf::scoped_actor self{sys.caf()};
  for (int life = 1; life <= 2; ++life) {
    const auto there = bulkhead::actors::spawn_process<ponger>(
        sys, {.name = "ponger", .limits = {.core = 0}}, pong, 1);
    self->monitor(there);
    int n = 0;
    const auto fail = [&](const caf::error& why) {
      std::cout << "failed: " << sys.caf().render(why) << '\n';
    };
    for (int turn = 0; turn < 1000; ++turn) {
      self->request(there, caf::infinite, ping_atom::value, n).receive([&](int m) { n = m; }, fail);
    }
    std::cout << n << " pings and pongs\n";
    self->request(there, caf::infinite, crash_atom::value).receive([](int) {}, fail);
    self->receive([&](const caf::down_msg& down) {
      std::cout << "down: signal " << bulkhead::actors::exit_of(down.reason)->signal << '\n';
    });
  }
}
// build/release/examples/ping_pong/ping_pong
//
// 1000 pings and pongs
// failed: The other side of the mailbox ended abnormally (signal 11 (SIGSEGV))
// down: signal 11
// 1000 pings and pongs
// ...
