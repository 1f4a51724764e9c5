#include "progress.hpp"

#include <unistd.h>
#include <algorithm>
#include <cstdio>

namespace word_count {

using namespace std::chrono;

progress::progress(const live_numbers& numbers)
    : numbers_(numbers),
      terminal_(::isatty(STDERR_FILENO) != 0),
      thread_([this](std::stop_token stop) { run(std::move(stop)); }) {}

void progress::run(std::stop_token stop) {
  const nanoseconds step = terminal_ ? nanoseconds(100ms) : nanoseconds(1s);
  auto next = start_;
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    next += step;
    stopped_.wait_until(lock, stop, next, [] { return false; });
    if (!stop.stop_requested()) show();
  }
  if (terminal_) std::fputs("\r\x1b[K", stderr);
}

void progress::show() const {
  const double seconds = duration<double>(steady_clock::now() - start_).count();
  const double megabytes = static_cast<double>(numbers_.bytes) / 1e6;
  std::fprintf(stderr, "%s%6.1f s  %9llu files  %9.1f MB  %7.1f MB/s  %6llu restarts%s",
               terminal_ ? "\r" : "", seconds, static_cast<unsigned long long>(numbers_.files),
               megabytes, megabytes / std::max(seconds, 1e-3),
               static_cast<unsigned long long>(numbers_.restarts), terminal_ ? "\x1b[K" : "\n");
}

}  // namespace word_count
