#include "process/library/hosts.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>
#include <bulkhead/bulkhead.hpp>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>

#include "process/library/guests.hpp"

namespace bulkhead_test {
namespace {

void wait_for_ever(bulkhead::queue<int> nothing) {
  std::error_code ec;
  static_cast<void>(nothing.take(ec));
}

// Prints its process id once it runs, then keeps one of its own: a grandchild.
void parent_of_one(bulkhead::queue<std::int64_t> ids, bulkhead::queue<int> nothing) {
  auto child =
      bulkhead::this_process::runtime().spawn({.name = "grandchild"}, wait_for_ever, nothing);
  ids.send(child.id());
  wait_for_ever(nothing);
}

// Starts a keeper, two children and a grandchild, prints their ids in one line, and waits to be
// killed.
int tree() {
  bulkhead::runtime rt;
  bulkhead::queue<int> nothing{rt};
  bulkhead::queue<std::int64_t> ids{rt};
  auto one = rt.spawn({.name = "one"}, wait_for_ever, nothing);
  auto two = rt.spawn({.name = "two"}, parent_of_one, ids, nothing);
  const auto grandchild = ids.receive();
  std::ifstream stat("/proc/" + std::to_string(one.id()) + "/stat");
  std::string skip;
  pid_t keeper = 0;
  stat >> skip >> skip >> skip >> keeper;
  std::cout << keeper << ' ' << one.id() << ' ' << two.id() << ' ' << grandchild << std::endl;
  wait_for_ever(nothing);
  return 0;
}

}  // namespace

bool is_host(int argc, char** argv) { return argc == 3 && std::strcmp(argv[1], "--host") == 0; }

int run_host(const std::string& scenario) {
  if (scenario == "tree") return tree();
  if (scenario == "restless") return run_restless(false);
  if (scenario == "restless with daemons") return run_restless(true);
  return run_guest(scenario);
}

host::host(const std::string& scenario) {
  int out[2];
  int err[2];
  if (pipe2(out, O_CLOEXEC) != 0 || pipe2(err, O_CLOEXEC) != 0) throw std::runtime_error("pipe");
  pid_ = fork();
  if (pid_ == 0) {
    dup2(out[1], STDOUT_FILENO);
    dup2(err[1], STDERR_FILENO);
    setenv("BULKHEAD_TEST_HOST", std::to_string(getpid()).c_str(), 1);  // for `keeper_of`
    execl("/proc/self/exe", "host", "--host", scenario.c_str(), nullptr);
    _exit(127);
  }
  close(out[1]);
  close(err[1]);
  out_ = out[0];
  err_ = err[0];
}

host::~host() {
  if (pid_ != 0) kill();
  close(out_);
  close(err_);
}

std::string host::line() {
  std::string text;
  for (char c = 0;;) {
    pollfd readable{out_, POLLIN, 0};
    if (poll(&readable, 1, 20'000) != 1 || read(out_, &c, 1) != 1 || c == '\n') return text;
    text += c;
  }
}

std::string host::errors() {
  std::string text;
  char buffer[512];
  for (;;) {
    pollfd readable{err_, POLLIN, 0};
    if (poll(&readable, 1, 20'000) != 1) return text;
    const ssize_t bytes = read(err_, buffer, sizeof buffer);
    if (bytes <= 0) return text;
    text.append(buffer, static_cast<std::size_t>(bytes));
  }
}

void host::kill() {
  ::kill(pid_, SIGKILL);
  wait();
}

int host::wait() {
  int status = 0;
  waitpid(pid_, &status, 0);
  pid_ = 0;
  return status;
}

pid_t keeper_of(pid_t host) {
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const std::string pid = entry.path().filename().string();
    if (pid.find_first_not_of("0123456789") != std::string::npos) continue;
    std::ifstream environment(entry.path() / "environ");
    const std::string text{std::istreambuf_iterator<char>(environment), {}};
    if (text.find("BULKHEAD_TEST_HOST=" + std::to_string(host) + '\0') == std::string::npos)
      continue;
    std::ifstream name(entry.path() / "comm");
    std::string comm;
    if (name >> comm && comm == "bh-keeper") return std::stoi(pid);
  }
  return 0;
}

bool exists(pid_t pid) {
  std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
  std::string line;
  if (!std::getline(stat, line)) return false;
  // One that has ended and waits for the machine's init to collect it runs no more.
  const auto state = line.find_last_of(')') + 2;
  return line.at(state) != 'Z' && line.at(state) != 'X';
}

}  // namespace bulkhead_test
