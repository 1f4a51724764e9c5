// How often: a supervisor bears a number of failures in a period, and says which were too many.
#include <bulkhead/bulkhead.hpp>
#include <chrono>
#include <cstdlib>
#include <iostream>

using namespace std::chrono_literals;

void fail(int code) { std::exit(code); }

int main(int argc, char** argv) {
  bulkhead::init(argc, argv);
  bulkhead::runtime rt;
  bulkhead::supervisor sup{rt, {.intensity = 3, .period = 60s}};
  sup.start({.name = "broken", .backoff = {.initial = 5ms}}, fail, 75);
  const bulkhead::end_reason why = sup.join();
  std::cout << std::boolalpha << (why == bulkhead::end_reason::gave_up) << std::endl;
  for (const bulkhead::failure& each : why.history) {
    std::cout << each.child << " #" << each.incarnation << ": " << each.status.report()
              << std::endl;
  }
  // An end that forbids a restart is borne.
  bulkhead::supervisor other{rt};
  const auto child = other.start({.name = "broken", .no_restart_on = {.codes = {75}}}, fail, 75);
  child.join();
  std::cout << other.ended() << std::endl;
}
// examples/supervision/supervision_intensity prints
//   true
//   broken #1: exit code 75
//   broken #2: exit code 75
//   broken #3: exit code 75
//   broken #4: exit code 75
//   false
