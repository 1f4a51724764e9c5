#include "process/limits/limited_host.hpp"

#include <unistd.h>
#include <bulkhead/bulkhead.hpp>
#include <iostream>

namespace bulkhead_test {
namespace {

void leave_one_and_wait(bulkhead::queue<int> begun) {
  if (::fork() == 0) {
    ::setsid();
    for (;;) ::pause();
  }
  begun.send(1);
  for (;;) ::pause();
}

}  // namespace

int limited_host() {
  bulkhead::runtime rt;
  bulkhead::queue<int> begun{rt};
  const auto child =
      rt.spawn({.limits = {.memory = 64u << 20, .processes = 10}}, leave_one_and_wait, begun);
  begun.receive();
  std::cout << "runs" << std::endl;
  for (;;) ::pause();
}

}  // namespace bulkhead_test
