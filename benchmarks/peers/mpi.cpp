// Open MPI's blocking send and receive; started by mpirun with two ranks. Both spin.
#define OMPI_SKIP_MPICXX 1  // without the C++ interface of old, which wants a library of its own
#include <mpi.h>
#include <array>
#include <cstring>
#include <memory>

#include "common/roles.hpp"

namespace {

using namespace bench;

template <class Message>
struct rank_end {
  int other;
  void send(const Message& m) { MPI_Send(&m, sizeof m, MPI_BYTE, other, 0, MPI_COMM_WORLD); }
  void receive(Message& m) {
    MPI_Recv(&m, sizeof m, MPI_BYTE, other, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
  }
};

// Rank 0 makes the scoreboard and tells the other its name.
std::unique_ptr<scoreboard> shared_board(int rank) {
  std::array<char, 128> path{};
  std::unique_ptr<scoreboard> board;
  if (rank == 0) {
    board = std::make_unique<scoreboard>();
    std::strncpy(path.data(), board->path().c_str(), path.size() - 1);
  }
  MPI_Bcast(path.data(), static_cast<int>(path.size()), MPI_CHAR, 0, MPI_COMM_WORLD);
  if (rank != 0) board = std::make_unique<scoreboard>(path.data());
  return board;
}

template <class Message>
void play(const job& what, int rank) {
  const auto board = shared_board(rank);
  pin_to(rank == 0 ? what.producer_cpu : what.consumer_cpu);
  rank_end<Message> end{1 - rank};
  if (what.mode == "round_trip") {
    rank == 0 ? ask<Message>(what, *board, end, end) : answer<Message>(what, *board, end, end);
  } else {
    rank == 0 ? produce<Message>(what, *board, 0, end) : consume<Message>(what, *board, end);
  }
  MPI_Barrier(MPI_COMM_WORLD);
  if (rank == 0) board->print();
}

void run(const job& what) {
  int rank = 0;
  int ranks = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &ranks);
  if (ranks != 2 || what.producers != 1 || what.consumers != 1) throw unsupported("pairs only");
  switch (what.bytes) {
    case 8:
      return play<message<8>>(what, rank);
    case 64:
      return play<message<64>>(what, rank);
    case 1024:
      return play<message<1024>>(what, rank);
    case 65536:
      return play<message<65536>>(what, rank);
    default:
      throw unsupported("this size");
  }
}

}  // namespace

int main(int argc, char** argv) {
  MPI_Init(&argc, &argv);
  const int status = bench::run_program(argc, argv, run);
  MPI_Finalize();
  return status;
}
