// One incarnation only: a handle that does not follow its child into the next one.
#include <bulkhead/bulkhead.hpp>
#include <iostream>

void say_and_wait(bulkhead::queue<std::uint64_t> said) {
  said.send(bulkhead::this_process::incarnation());
  bulkhead::queue<int> never{bulkhead::this_process::runtime()};
  never.receive();  // ends with stop_requested
}

int main(int argc, char** argv) {
  bulkhead::init(argc, argv);
  bulkhead::runtime rt;
  bulkhead::queue<std::uint64_t> said{rt};
  bulkhead::supervisor sup{rt};
  const auto child = sup.start({.name = "server"}, say_and_wait, said);
  const auto first = child.only(said.receive());
  first.kill();
  std::cout << "the first ended by " << first.join().report() << std::endl;
  std::cout << "incarnation " << said.receive() << " is there" << std::endl;
  try {
    first.kill();
  } catch (const bulkhead::error& failure) {
    std::cout << std::boolalpha << (failure.code() == bulkhead::errc::stale_incarnation)
              << std::endl;
  }
}
// examples/supervision/supervision_incarnation prints
//   the first ended by signal 9 (SIGKILL)
//   incarnation 2 is there
//   true
