// A standby: the replacement of a child that dies has loaded its model before, and waits.
#include <bulkhead/bulkhead.hpp>
#include <chrono>
#include <csignal>
#include <iostream>
#include <thread>
#include <vector>

using bulkhead::queue;
using namespace std::chrono_literals;
namespace this_process = bulkhead::this_process;

std::vector<int> squares;

// Takes a second, once in each process.
void load() {
  std::this_thread::sleep_for(1s);
  for (int n = 0; n < 100; ++n) squares.push_back(n * n);
}

// The third job kills the first incarnation.
void work(queue<int> jobs, queue<int> results) {
  jobs.transform(results, [](int n) {
    if (n == 3 && this_process::incarnation() == 1) raise(SIGKILL);
    return squares.at(static_cast<std::size_t>(n));
  });
}

int main(int argc, char** argv) {
  bulkhead::init(argc, argv);
  bulkhead::runtime rt;
  queue<int> jobs{rt};
  queue<int> results{rt};
  bulkhead::supervisor sup{rt};
  sup.start({.name = "worker", .standby = 1, .prepare = load}, work, jobs, results);
  while (sup.find_child("worker")->standbys == 0) std::this_thread::sleep_for(1ms);
  for (int n = 1; n <= 4; ++n) jobs.send(n);
  const auto begun = std::chrono::steady_clock::now();
  for (int n = 0; n < 4; ++n) std::cout << results.receive() << std::endl;
  const bool waited = std::chrono::steady_clock::now() - begun > 900ms;
  // The standby may have done all of it before we hear of it.
  while (sup.find_child("worker")->incarnation == 1) std::this_thread::sleep_for(1ms);
  std::cout << "incarnation " << sup.find_child("worker")->incarnation << ", "
            << (waited ? "after" : "without") << " another second" << std::endl;
}
// examples/supervision/supervision_standby prints
//   1
//   4
//   9
//   16
//   incarnation 2, without another second
