// What supervisors of other systems start: says that it runs, and waits to be killed.
//     bench_speaker FILE    FILE -: standard output, and the end of standard input ends it
#include <fcntl.h>
#include <unistd.h>
#include <cstring>

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const bool is_piped = std::strcmp(argv[1], "-") == 0;
  const int to = is_piped ? STDOUT_FILENO : ::open(argv[1], O_WRONLY);
  if (to < 0 || ::write(to, "runs\n", 5) != 5) return 1;
  char unread = 0;
  while (is_piped && ::read(STDIN_FILENO, &unread, 1) == 1) {
  }
  while (!is_piped) ::pause();
  return 0;
}
