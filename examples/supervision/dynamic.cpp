// Many children of one kind: a process for each session, started and ended by its id.
#include <bulkhead/bulkhead.hpp>
#include <iostream>
#include <string>

void serve(bulkhead::queue<std::string> said, std::string user) {
  said.send("hello " + user + ", says " + bulkhead::this_process::name());
  bulkhead::queue<int> never{bulkhead::this_process::runtime()};
  never.receive();  // ends with stop_requested
}

int main(int argc, char** argv) {
  bulkhead::init(argc, argv);
  bulkhead::runtime rt;
  bulkhead::queue<std::string> said{rt};
  bulkhead::supervisor sup{rt, {.strategy = bulkhead::strategy::dynamic}};
  const auto sessions =
      sup.specify({.name = "session", .restart = bulkhead::restart::temporary}, serve, said);
  bulkhead::process last;
  for (const char* user : {"Ada", "Grace", "Barbara"}) {
    last = sessions.start(user);
    std::cout << said.receive() << std::endl;
  }
  sup.terminate_child(last.child_id());
  std::cout << sup.count_children().active << " are left" << std::endl;
}
// examples/supervision/supervision_dynamic prints
//   hello Ada, says session-1
//   hello Grace, says session-2
//   hello Barbara, says session-3
//   2 are left
