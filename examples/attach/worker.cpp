#include <bulkhead/bulkhead.hpp>
#include <string>

// The other program: it does the work. Killed at any instruction and started again, it goes on
// where it was, and nothing is done twice.
int main(int argc, char** argv) {
  bulkhead::init(argc, argv);
  if (argc != 2) return 2;
  const std::string folder = argv[1];
  bulkhead::runtime rt;
  const auto jobs = bulkhead::attach<bulkhead::queue<int>>(rt, folder + "/jobs.sock");
  const auto results = bulkhead::attach<bulkhead::queue<std::string>>(rt, folder + "/results.sock");
  jobs.transform(results,
                 [](int n) { return std::to_string(n) + " squared is " + std::to_string(n * n); });
}

// publisher.cpp says how to run both, and what comes of it.
