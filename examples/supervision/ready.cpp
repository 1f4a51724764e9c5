// When a child counts as up: it says so itself, or it is late, and its start has failed.
#include <bulkhead/bulkhead.hpp>
#include <chrono>
#include <iostream>
#include <thread>

using namespace std::chrono_literals;

void warm_up_and_serve(bulkhead::queue<std::string> said) {
  said.send("warm");
  bulkhead::this_process::ready();
  while (!bulkhead::this_process::stop_requested()) std::this_thread::sleep_for(1ms);
}

void never_warm() {
  while (!bulkhead::this_process::stop_requested()) std::this_thread::sleep_for(1ms);
}

int main(int argc, char** argv) {
  bulkhead::init(argc, argv);
  bulkhead::runtime rt;
  bulkhead::queue<std::string> said{rt};
  bulkhead::supervisor sup{rt};
  sup.start({.name = "server", .ready = bulkhead::readiness::on_call}, warm_up_and_serve, said);
  std::cout << "the server is up, and " << said.try_receive().value_or("cold") << std::endl;
  try {
    sup.start({.name = "late", .ready = bulkhead::readiness::on_call, .start_timeout = 50ms},
              never_warm);
  } catch (const bulkhead::error& failure) {
    std::cout << (failure.code() == bulkhead::errc::start_failed) << ": " << failure.status().text
              << std::endl;
  }
  std::cout << sup.count_children().specifications << " child is left" << std::endl;
}
// examples/supervision/supervision_ready prints
//   the server is up, and warm
//   1: it was not up within 50 ms
//   1 child is left
