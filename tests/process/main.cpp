// A test program that can be its own keeper, as a program that calls bulkhead::init is.
#include <unistd.h>

#include <cstdlib>
#include <string_view>
#include <thread>

#include "os/keeper.hpp"
#include "process/keeper_support/child.hpp"
#include "support/run_tests.hpp"

namespace {

// What a program may do wrong before it calls init; only a copy that is to become a keeper does it.
void misbehave_before_init() {
  const char* mark = std::getenv("BULKHEAD_KEEPER");
  const char* how = std::getenv("KEEPER_TEST_MISBEHAVE");
  if (mark == nullptr || how == nullptr) return;
  if (how == std::string_view("exit")) std::_Exit(0);
  if (how == std::string_view("hang")) ::pause();
  if (how == std::string_view("thread")) std::thread([] { ::pause(); }).detach();
}

}  // namespace

int main(int argc, char** argv) {
  misbehave_before_init();
  if (auto control = bulkhead::os::take_keeper_mark()) {
    bulkhead::os::run_keeper(std::move(*control), &bulkhead_test::run_child);
  }
  return bulkhead_test::run_tests(argc, argv);
}
