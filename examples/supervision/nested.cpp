// Supervisors of supervisors: one in this process that gives up, and is started again as one child;
// and one in a process of its own, whose crash takes what is below it.
#include <bulkhead/bulkhead.hpp>
#include <csignal>
#include <iostream>
#include <string>

using bulkhead::supervisor;

void say_and_wait(bulkhead::queue<std::string> said) {
  said.send(bulkhead::this_process::name());
  bulkhead::queue<int> never{bulkhead::this_process::runtime()};
  never.receive();  // ends with stop_requested
}

void build_parsers(supervisor& parsers, bulkhead::queue<std::string> said) {
  parsers.start({.name = "reader"}, say_and_wait, said);
  parsers.start({.name = "parser"}, say_and_wait, said);
}

int main(int argc, char** argv) {
  bulkhead::init(argc, argv);
  bulkhead::runtime rt;
  bulkhead::queue<std::string> said{rt};
  supervisor sup{rt};
  const auto count_two = [&](const char* what) {
    for (int n = 0; n < 2; ++n) said.receive();
    std::cout << what << std::endl;
  };

  bulkhead::queue<int> pids{rt};
  sup.start_supervisor({.name = "here"}, {.intensity = 0}, [&](supervisor& here) {
    build_parsers(here, said);
    pids.send(static_cast<int>(here.which_children().front().pid));
  });
  count_two("two started here");
  ::kill(pids.receive(), SIGKILL);  // more than it bears
  count_two("it gave up, and two others started");

  const auto there = sup.start_supervisor_process({.name = "there"}, build_parsers, said);
  count_two("two started there");
  there.kill();
  count_two("its process was killed, and two others started");
  std::cout << sup.count_children().supervisors << " supervisors" << std::endl;
}
// examples/supervision/supervision_nested prints
//   two started here
//   it gave up, and two others started
//   two started there
//   its process was killed, and two others started
//   2 supervisors
