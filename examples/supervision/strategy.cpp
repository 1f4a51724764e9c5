// Who else is restarted: a reader, a parser that needs it, a writer that needs both.
#include <bulkhead/bulkhead.hpp>
#include <iostream>
#include <string>

void say_and_wait(bulkhead::queue<std::string> said) {
  said.send(bulkhead::this_process::name());
  bulkhead::queue<int> never{bulkhead::this_process::runtime()};
  never.receive();  // ends with stop_requested
}

void kill_the_parser(bulkhead::runtime& rt, bulkhead::strategy how, const char* name) {
  bulkhead::queue<std::string> said{rt};
  bulkhead::supervisor sup{rt, {.strategy = how}};
  sup.start({.name = "reader"}, say_and_wait, said);
  const auto parser = sup.start({.name = "parser"}, say_and_wait, said);
  sup.start({.name = "writer"}, say_and_wait, said);
  for (int n = 0; n < 3; ++n) said.receive();
  parser.kill();
  const int restarted = how == bulkhead::strategy::one_for_one    ? 1
                        : how == bulkhead::strategy::rest_for_one ? 2
                                                                  : 3;
  std::cout << name << ":";
  // Each comes up after the one before it, but says so when it gets to it.
  for (int n = 0; n < restarted; ++n) said.receive();
  sup.shutdown();
  if (said.try_receive()) std::cout << " one too many";
  std::cout << " " << restarted << " restarted" << std::endl;
}

int main(int argc, char** argv) {
  bulkhead::init(argc, argv);
  bulkhead::runtime rt;
  kill_the_parser(rt, bulkhead::strategy::one_for_one, "one_for_one");
  kill_the_parser(rt, bulkhead::strategy::rest_for_one, "rest_for_one");
  kill_the_parser(rt, bulkhead::strategy::one_for_all, "one_for_all");
}
// examples/supervision/supervision_strategy prints
//   one_for_one: 1 restarted
//   rest_for_one: 2 restarted
//   one_for_all: 3 restarted
