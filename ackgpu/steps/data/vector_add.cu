// Adds two vectors on the GPU and checks every element on the host.
//
// Prints what the device is, then "Test PASSED" and ends with 0; or says what failed and ends with
// 1. It needs the CUDA runtime alone, of any release since 8.0.

#include <cstdio>
#include <cstdlib>

#include <cuda_runtime.h>

static const int ELEMENTS = 1 << 20;
static const int THREADS = 256;

__global__ void vectorAdd(const float *a, const float *b, float *sum, int elements)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < elements) {
        sum[i] = a[i] + b[i];
    }
}

static void check(cudaError_t status, const char *doing)
{
    if (status != cudaSuccess) {
        fprintf(stderr, "vectorAdd: %s: %s (error code %s)\n", doing, cudaGetErrorString(status),
                cudaGetErrorName(status));
        exit(EXIT_FAILURE);
    }
}

static float *on_device(const float *values, size_t bytes)
{
    float *copy = NULL;
    check(cudaMalloc((void **)&copy, bytes), "allocating device memory");
    if (values != NULL) {
        check(cudaMemcpy(copy, values, bytes, cudaMemcpyHostToDevice), "copying to the device");
    }
    return copy;
}

static void describe_device()
{
    cudaDeviceProp device;
    size_t free_bytes = 0, total_bytes = 0;
    check(cudaGetDeviceProperties(&device, 0), "looking at the device");
    check(cudaMemGetInfo(&free_bytes, &total_bytes), "looking at the device's memory");
    printf("GPU Device 0: \"%s\" with compute capability %d.%d, %lu MiB\n", device.name,
           device.major, device.minor, (unsigned long)(total_bytes >> 20));
}

int main()
{
    const size_t bytes = ELEMENTS * sizeof(float);
    float *a = (float *)malloc(bytes);
    float *b = (float *)malloc(bytes);
    float *sum = (float *)malloc(bytes);
    if (a == NULL || b == NULL || sum == NULL) {
        fprintf(stderr, "vectorAdd: the host is out of memory\n");
        return EXIT_FAILURE;
    }
    for (int i = 0; i < ELEMENTS; ++i) {
        a[i] = (float)i;
        b[i] = (float)(2 * i % 1021);
    }

    describe_device();
    printf("[Vector addition of %d elements]\n", ELEMENTS);
    float *device_a = on_device(a, bytes);
    float *device_b = on_device(b, bytes);
    float *device_sum = on_device(NULL, bytes);
    const int blocks = (ELEMENTS + THREADS - 1) / THREADS;
    printf("CUDA kernel launch with %d blocks of %d threads\n", blocks, THREADS);
    vectorAdd<<<blocks, THREADS>>>(device_a, device_b, device_sum, ELEMENTS);
    check(cudaGetLastError(), "launching the kernel");
    check(cudaDeviceSynchronize(), "running the kernel");
    check(cudaMemcpy(sum, device_sum, bytes, cudaMemcpyDeviceToHost), "copying from the device");

    for (int i = 0; i < ELEMENTS; ++i) {
        if (sum[i] != a[i] + b[i]) {
            fprintf(stderr, "Result verification failed at element %d!\n", i);
            return EXIT_FAILURE;
        }
    }
    printf("Test PASSED\n");

    cudaFree(device_a);
    cudaFree(device_b);
    cudaFree(device_sum);
    free(a);
    free(b);
    free(sum);
    return EXIT_SUCCESS;
}
