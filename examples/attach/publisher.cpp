#include <bulkhead/bulkhead.hpp>
#include <iostream>
#include <string>

// One of two programs that know nothing of each other but paths: this one has the work.
int main(int argc, char** argv) {
  bulkhead::init(argc, argv);
  if (argc != 2) return 2;
  const std::string folder = argv[1];
  bulkhead::runtime rt;
  bulkhead::queue<int> jobs{rt, {.name = "jobs"}};
  bulkhead::queue<std::string> results{rt, {.name = "results"}};
  const auto open_results = bulkhead::publish(rt, folder + "/results.sock", results);
  const auto open_jobs = bulkhead::publish(rt, folder + "/jobs.sock", jobs, {.mode = 0600});
  for (int n = 1; n <= 5; ++n) jobs.send(n);
  jobs.close();
  for (int n = 1; n <= 5; ++n) std::cout << results.receive() << std::endl;
}

// In the folder that they were built into, with a folder of yours for the sockets:
//   ./attach_publisher /run/app &
//   while ! test -S /run/app/jobs.sock; do sleep 0.1; done
//   ./attach_worker /run/app
// 1 squared is 1
// 2 squared is 4
// ...
