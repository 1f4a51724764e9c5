#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>

#include "os/keeper.hpp"
#include "process/keeper_support/host.hpp"
#include "support/catch.hpp"

using namespace bulkhead_test;
using bulkhead::errc;

namespace {

int exit_7(bulkhead::os::child_context&) { return 7; }

std::error_code failure_of_start(std::chrono::milliseconds patience = 5s) {
  try {
    static_cast<void>(bulkhead::os::start_keeper(patience));
    return {};
  } catch (const std::system_error& failure) {
    return failure.code();
  }
}

class environment_variable {
 public:
  environment_variable(const char* name, const std::string& value) : name_(name) {
    ::setenv(name, value.c_str(), 1);
  }
  environment_variable(const environment_variable&) = delete;
  environment_variable& operator=(const environment_variable&) = delete;
  ~environment_variable() { ::unsetenv(name_); }

 private:
  const char* name_;
};

}  // namespace

TEST_CASE("the host's wait shows neither the keeper nor its children", "[os][process]") {
  host h;
  const child c = h.spawn(exit_7);
  CHECK(h.end_of(c).status.code == 7);
  CHECK(::waitpid(-1, nullptr, WNOHANG) == -1);
  CHECK(errno == ECHILD);
  CHECK(::waitpid(-1, nullptr, WNOHANG | __WALL) == -1);
  CHECK(errno == ECHILD);
}

TEST_CASE("a host that ignores SIGCHLD gets exit statuses all the same", "[os][process]") {
  const auto before = ::signal(SIGCHLD, SIG_IGN);
  {
    host h;
    CHECK(h.run(exit_7).code == 7);
  }
  ::signal(SIGCHLD, before);
}

TEST_CASE("starting a keeper leaves the host's signal mask and descriptors as they were",
          "[os][process]") {
  sigset_t before, after;
  ::sigprocmask(SIG_SETMASK, nullptr, &before);
  const std::size_t descriptors = count_descriptors(::getpid());
  { host h; }
  ::sigprocmask(SIG_SETMASK, nullptr, &after);
  for (int number = 1; number < 32; ++number) {
    CHECK(sigismember(&before, number) == sigismember(&after, number));
  }
  CHECK(count_descriptors(::getpid()) == descriptors);
}

TEST_CASE("a program that ends without init is told to call it", "[os][process]") {
  const environment_variable misbehave("KEEPER_TEST_MISBEHAVE", "exit");
  CHECK(failure_of_start() == errc::not_initialised);
}

TEST_CASE("a program that runs on without init is told to call it in time", "[os][process]") {
  const environment_variable misbehave("KEEPER_TEST_MISBEHAVE", "hang");
  CHECK(failure_of_start(300ms) == errc::not_initialised);
}

TEST_CASE("a program with a second thread before init is refused", "[os][process]") {
  const environment_variable misbehave("KEEPER_TEST_MISBEHAVE", "thread");
  CHECK(failure_of_start() == errc::unsupported);
}

TEST_CASE("an exec that fails is a start that failed", "[os][process]") {
  const environment_variable too_long("KEEPER_TEST_LONG", std::string(200'000, 'x'));
  CHECK(failure_of_start() == errc::start_failed);
}

TEST_CASE("a mark in the environment that names no control socket is ignored and removed",
          "[os][process]") {
  const environment_variable mark("BULKHEAD_KEEPER", "0");
  CHECK_FALSE(bulkhead::os::take_keeper_mark());
  CHECK(std::getenv("BULKHEAD_KEEPER") == nullptr);
}
