using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace LlmReasoning.Torch.Models;

/// <summary>Products of small matrices that lie anywhere in memory, for attention: libtorch's copy what is not contiguous.</summary>
internal static unsafe class Products
{
    private const int Width = 16;                   // floats in a vector

    /// <summary>c = a b, or c += a b. Axes: rows, inner, columns.</summary>
    /// <param name="a">[rows, inner]: element (i, k) at i * aRow + k * aColumn.</param>
    /// <param name="b">[inner, columns], its rows bRow apart.</param>
    /// <param name="c">[rows, columns], its rows cRow apart.</param>
    /// <param name="columns">A multiple of 16.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply(float* a, long aRow, long aColumn, float* b, long bRow, float* c, long cRow, int rows, int inner, int columns, bool adds)
    {
        var row = 0;
        for (; row + 4 <= rows; row += 4)
        {
            var column = 0;
            for (; column + (2 * Width) <= columns; column += 2 * Width)
            {
                FourByTwo(a + (row * aRow), aRow, aColumn, b + column, bRow, c + (row * cRow) + column, cRow, inner, adds);
            }
            for (; column < columns; column += Width)
            {
                for (var i = 0; i < 4; i++) { OneByOne(a + ((row + i) * aRow), aColumn, b + column, bRow, c + ((row + i) * cRow) + column, inner, adds); }
            }
        }
        for (; row < rows; row++)
        {
            for (var column = 0; column < columns; column += Width) { OneByOne(a + (row * aRow), aColumn, b + column, bRow, c + (row * cRow) + column, inner, adds); }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void FourByTwo(float* a, long aRow, long aColumn, float* b, long bRow, float* c, long cRow, int inner, bool adds)
    {
        var a1 = a + aRow;
        var a2 = a + (2 * aRow);
        var a3 = a + (3 * aRow);
        Vector512<float> s00 = default, s01 = default, s10 = default, s11 = default, s20 = default, s21 = default, s30 = default, s31 = default;
        for (var k = 0; k < inner; k++)
        {
            var b0 = Vector512.Load(b);
            var b1 = Vector512.Load(b + Width);
            var x = Vector512.Create(*a);
            s00 = Vector512.FusedMultiplyAdd(x, b0, s00);
            s01 = Vector512.FusedMultiplyAdd(x, b1, s01);
            x = Vector512.Create(*a1);
            s10 = Vector512.FusedMultiplyAdd(x, b0, s10);
            s11 = Vector512.FusedMultiplyAdd(x, b1, s11);
            x = Vector512.Create(*a2);
            s20 = Vector512.FusedMultiplyAdd(x, b0, s20);
            s21 = Vector512.FusedMultiplyAdd(x, b1, s21);
            x = Vector512.Create(*a3);
            s30 = Vector512.FusedMultiplyAdd(x, b0, s30);
            s31 = Vector512.FusedMultiplyAdd(x, b1, s31);
            a += aColumn;
            a1 += aColumn;
            a2 += aColumn;
            a3 += aColumn;
            b += bRow;
        }
        Put(c, s00, s01, adds);
        Put(c + cRow, s10, s11, adds);
        Put(c + (2 * cRow), s20, s21, adds);
        Put(c + (3 * cRow), s30, s31, adds);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Put(float* c, Vector512<float> low, Vector512<float> high, bool adds)
    {
        if (adds)
        {
            low += Vector512.Load(c);
            high += Vector512.Load(c + Width);
        }
        low.Store(c);
        high.Store(c + Width);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void OneByOne(float* a, long aColumn, float* b, long bRow, float* c, int inner, bool adds)
    {
        Vector512<float> even = default, odd = default;
        var k = 0;
        for (; k + 2 <= inner; k += 2)
        {
            even = Vector512.FusedMultiplyAdd(Vector512.Create(a[k * aColumn]), Vector512.Load(b + (k * bRow)), even);
            odd = Vector512.FusedMultiplyAdd(Vector512.Create(a[(k + 1) * aColumn]), Vector512.Load(b + ((k + 1) * bRow)), odd);
        }
        if (k < inner) { even = Vector512.FusedMultiplyAdd(Vector512.Create(a[k * aColumn]), Vector512.Load(b + (k * bRow)), even); }
        var sum = even + odd;
        if (adds) { sum += Vector512.Load(c); }
        sum.Store(c);
    }
}
