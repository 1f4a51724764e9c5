// How children are stopped: by name, to be started again, and all in the reverse of their order.
#include <bulkhead/bulkhead.hpp>
#include <chrono>
#include <iostream>
#include <string>
#include <thread>

using namespace std::chrono_literals;

void serve(bulkhead::queue<std::string> said) {
  while (!bulkhead::this_process::stop_requested()) std::this_thread::sleep_for(1ms);
  said.send(bulkhead::this_process::name() + " stops");
}

void hear_nothing() {
  for (;;) std::this_thread::sleep_for(1s);
}

int main(int argc, char** argv) {
  bulkhead::init(argc, argv);
  bulkhead::runtime rt;
  bulkhead::queue<std::string> said{rt};
  bulkhead::supervisor sup{rt};
  sup.start({.name = "database"}, serve, said);
  const auto server = sup.start({.name = "server"}, serve, said);
  const auto deaf = sup.start({.name = "deaf", .shutdown = 50ms}, hear_nothing);
  sup.terminate_child("server");
  std::cout << said.receive() << std::endl;
  sup.restart_child("server");
  std::cout << "server is at incarnation " << server.incarnation() << std::endl;
  sup.shutdown();
  std::cout << "deaf: " << deaf.join().report() << std::endl;
  std::cout << said.receive() << std::endl;
  std::cout << said.receive() << std::endl;
}
// examples/supervision/supervision_stopping prints
//   server stops
//   server is at incarnation 2
//   deaf: stopped on request, signal 9 (SIGKILL)
//   server stops
//   database stops
