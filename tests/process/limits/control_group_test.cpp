// Limits that control groups keep, where this machine has them; and that no group is left.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bulkhead/bulkhead.hpp>
#include <bulkhead/limits.hpp>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <thread>

#include "support/catch.hpp"

using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

constexpr auto soon = 20s;

template <class Condition>
bool eventually(Condition condition) {
  const auto end = std::chrono::steady_clock::now() + soon;
  while (!condition()) {
    if (std::chrono::steady_clock::now() >= end) return false;
    std::this_thread::sleep_for(1ms);
  }
  return true;
}

// The folder in "cgroup vN in FOLDER"; empty where it is none.
std::string folder_in(const std::string& words) {
  const std::size_t at = words.find(" in /");
  return words.rfind("cgroup v", 0) == 0 && at != std::string::npos ? words.substr(at + 4) : "";
}

/// The groups of one host's that are there now.
std::set<std::string> groups_of(pid_t host, const bulkhead::limit_support& where) {
  std::set<std::string> found;
  for (const std::string& folder : {folder_in(where.memory), folder_in(where.processes)}) {
    if (folder.empty()) continue;
    for (const auto& entry : fs::directory_iterator(folder)) {
      const std::string name = entry.path().filename().string();
      if (name.rfind("bulkhead." + std::to_string(host) + ".", 0) == 0) found.insert(name);
    }
  }
  return found;
}

bool has_none(const std::string& words) {
  if (!folder_in(words).empty()) return false;
  WARN("not tested, because limits are kept by " << words);
  SUCCEED();  // the runner fails tests that assert nothing
  return true;
}

// How many processes of its own it could have at once, of 20.
int fork_many() {
  int made = 0;
  for (int n = 0; n < 20; ++n) {
    const pid_t pid = ::fork();
    if (pid == 0) {
      for (;;) ::pause();
    }
    if (pid < 0) return errno == EAGAIN ? made : -1;
    ++made;
  }
  return made;
}

void wait_for_ever(bulkhead::queue<pid_t> begun) {
  begun.send(::getppid());
  for (;;) ::pause();
}

}  // namespace

TEST_CASE("what keeps limits here is told in words", "[process][limits]") {
  const auto how = bulkhead::supported_limits();
  UNSCOPED_INFO(how.memory);
  UNSCOPED_INFO(how.processes);
  for (const std::string& words : {how.memory, how.processes}) {
    const bool by_group = words.rfind("cgroup v", 0) == 0;
    CHECK((by_group || words.find(": ") != std::string::npos));
    if (by_group) CHECK(fs::is_directory(folder_in(words)));
  }
}

TEST_CASE("a program that takes more memory than it may ends by that limit",
          "[process][limits][crash]") {
  bulkhead::runtime rt;
  if (has_none(bulkhead::supported_limits().memory)) return;
  // Without an end of a line it keeps all that it reads.
  const auto child =
      rt.spawn({.streams = {.out = bulkhead::stream::null()}, .limits = {.memory = 64u << 20}},
               bulkhead::command{"tail", "/dev/zero"});
  const auto status = child.join_for(soon);
  REQUIRE(status.has_value());
  CHECK(status->cause == bulkhead::death_cause::memory_limit);
  CHECK(status->own_doing());
  const auto where = bulkhead::supported_limits();
  CHECK(eventually([&] { return groups_of(::getpid(), where).empty(); }));
}

TEST_CASE("a process has no more processes than it may, whoever runs it", "[process][limits]") {
  bulkhead::runtime rt;
  const auto where = bulkhead::supported_limits();
  if (has_none(where.processes)) return;
  auto made = rt.call({.process = {.limits = {.processes = 5}}}, fork_many);
  REQUIRE(made.wait_for(soon) == std::future_status::ready);
  CHECK(made.get() == 4);
  // Those that it left go with it.
  CHECK(eventually([&] { return groups_of(::getpid(), where).empty(); }));
}

TEST_CASE("no group outlives its tree", "[process][limits][crash]") {
  bulkhead::runtime rt;
  const auto where = bulkhead::supported_limits();
  if (has_none(where.processes)) return;
  SECTION("whose host is killed") {
    int out[2];
    REQUIRE(::pipe(out) == 0);
    const pid_t host = ::fork();
    if (host == 0) {
      ::dup2(out[1], STDOUT_FILENO);
      ::execl("/proc/self/exe", "limits_test", "--host", nullptr);
      ::_exit(127);
    }
    ::close(out[1]);
    char begun = 0;
    REQUIRE(::read(out[0], &begun, 1) == 1);
    ::close(out[0]);
    CHECK_FALSE(groups_of(host, where).empty());
    ::kill(host, SIGKILL);
    ::waitpid(host, nullptr, 0);
    CHECK(eventually([&] { return groups_of(host, where).empty(); }));
  }
  SECTION("whose keeper is killed") {
    bulkhead::queue<pid_t> begun{rt};
    const auto child = rt.spawn({.limits = {.processes = 5}}, wait_for_ever, begun);
    const auto keeper = begun.receive_for(soon);
    REQUIRE(keeper.has_value());
    CHECK_FALSE(groups_of(::getpid(), where).empty());
    ::kill(*keeper, SIGKILL);
    CHECK(child.join_for(soon).has_value());
    CHECK(eventually([&] { return groups_of(::getpid(), where).empty(); }));
  }
  SECTION("whose host and keeper are killed: the next tree takes it away") {
    const fs::path stale = fs::path(folder_in(where.processes)) / "bulkhead.999999999.1.2";
    fs::create_directory(stale);
    bulkhead::queue<pid_t> begun{rt};
    const auto child = rt.spawn({.limits = {.processes = 5}}, wait_for_ever, begun);
    REQUIRE(begun.receive_for(soon).has_value());
    CHECK(eventually([&] { return !fs::exists(stale); }));
  }
}
