// A watchdog: a worker that hangs is ended, and the job that it hung at set aside.
#include <bulkhead/bulkhead.hpp>
#include <chrono>
#include <iostream>

using bulkhead::queue;
using namespace std::chrono_literals;

// For ever where n is 3, without any sign of life.
int square(int n) {
  for (volatile bool endless = n == 3; endless;) {
  }
  return n * n;
}

void work(queue<int> jobs, queue<int> squares) { jobs.transform(squares, square); }

int main(int argc, char** argv) {
  bulkhead::init(argc, argv);
  bulkhead::runtime rt;
  queue<int> jobs{rt, {.max_attempts = 1}};
  queue<int> squares{rt};
  bulkhead::supervisor sup{rt};
  // Taking a job is a sign of life, and waiting for one is no silence.
  sup.start({.name = "worker", .watchdog = 200ms}, work, jobs, squares);
  for (int n = 1; n <= 4; ++n) jobs.send(n);
  for (int n = 0; n < 3; ++n) std::cout << squares.receive() << std::endl;
  const auto letter = jobs.dead_letters().receive();
  std::cout << letter.value << ": " << letter.reasons.front().report() << std::endl;
}
// examples/supervision/supervision_watchdog prints
//   1
//   4
//   16
//   3: no heartbeat in time, signal 6 (SIGABRT)
