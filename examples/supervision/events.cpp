// What happened: the events of a supervisor as a stream, in a coroutine.
#include <boost/asio.hpp>
#include <bulkhead/bulkhead.hpp>
#include <cstdlib>
#include <iostream>

namespace asio = boost::asio;
namespace events = bulkhead::events;

void fail_once() {
  if (bulkhead::this_process::incarnation() == 1) std::exit(3);
}

struct in_words {
  std::string operator()(const events::exited& e) const { return "exited, " + e.status.report(); }
  std::string operator()(const events::restarting& e) const {
    return "restarting, attempt " + std::to_string(e.attempt);
  }
  std::string operator()(const events::started&) const { return "started"; }
  template <class Other>
  std::string operator()(const Other&) const {
    return "something else";
  }
};

asio::awaitable<void> watch(bulkhead::supervisor& sup) {
  for (;;) {
    const auto [failed, event] = co_await sup.async_next_event(asio::as_tuple(asio::use_awaitable));
    if (failed == bulkhead::errc::closed) break;
    std::cout << event.child << " #" << event.incarnation << " "
              << std::visit(in_words(), event.what) << std::endl;
    if (event.incarnation == 2 && std::holds_alternative<events::exited>(event.what)) break;
  }
}

int main(int argc, char** argv) {
  bulkhead::init(argc, argv);
  asio::io_context io;
  bulkhead::runtime rt{io.get_executor()};
  bulkhead::supervisor sup{rt};
  asio::co_spawn(io, watch(sup), asio::detached);
  sup.start({.name = "job", .restart = bulkhead::restart::transient}, fail_once);
  io.run();
}
// examples/supervision/supervision_events prints
//   job #1 started
//   job #1 something else
//   job #1 exited, exit code 3
//   job #1 restarting, attempt 1
//   job #2 started
//   job #2 something else
//   job #2 exited, exit code 0
