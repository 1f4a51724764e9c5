#include "process/program/changed_host.hpp"

#include <bulkhead/bulkhead.hpp>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <future>
#include <iostream>
#include <optional>
#include <stdexcept>
#include <thread>

namespace bulkhead_test {
namespace {

using namespace std::chrono_literals;
constexpr auto patience = 20s;

int answer(int n) { return n + 1; }
int parent() { return ::getppid(); }

std::string own_file() { return std::filesystem::read_symlink("/proc/self/exe").string(); }

void wait_for_change(const std::string& from) {
  const auto end = std::chrono::steady_clock::now() + patience;
  while (own_file() == from) {
    if (std::chrono::steady_clock::now() > end) throw std::runtime_error("nobody changed the file");
    std::this_thread::sleep_for(1ms);
  }
}

template <class Fn, class... Args>
int ask(bulkhead::runtime& rt, Fn fn, Args... args) {
  auto answered = rt.call({.deadline = patience, .attempts = 3}, fn, args...);
  return answered.get();
}

}  // namespace

int changed_host(const std::string& when) try {
  const std::string file = own_file();
  std::optional<bulkhead::runtime> rt(std::in_place);
  if (when == "before") std::cout << ask(*rt, answer, 1) << std::endl;
  std::cout << "begins" << std::endl;
  wait_for_change(file);
  std::cout << ask(*rt, answer, 2) << std::endl;
  const pid_t keeper = ask(*rt, parent);
  ::kill(keeper, SIGKILL);
  std::cout << ask(*rt, answer, 3) << std::endl;
  return ask(*rt, parent) == keeper ? 3 : 0;
} catch (const std::exception& failure) {
  std::cout << failure.what() << std::endl;
  return 1;
}

}  // namespace bulkhead_test
