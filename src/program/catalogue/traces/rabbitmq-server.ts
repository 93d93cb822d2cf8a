/**
 * The start of `rabbitmq-server` up to its first ten idle seconds, as the kernel's scheduler tracepoints and those of
 * setsid and wait4 saw it (format: ../trace.ts).
 *
 * The same set-up as the probe's trace next to this: RabbitMQ 3.10.8 and Erlang/OTP 25 from Debian 12 on Linux 6.18
 * with 2 CPUs, 2026-11-23, empty database, entered from outside into a private PID namespace whose PID 1 behaves as
 * pause 3.0 does. Every 10 s or so from then on its disk monitor runs a `df` and waits for it; that is left out.
 */
export const RABBITMQ_SERVER_TRACE = `\
time_us	event	task	child	name
0	exec	1		rabbitmq-server
697	fork	1	2	rabbitmq-server
1058	exec	2		basename
1885	exit	2		basename
2027	wait	1	2	
2164	fork	1	3	rabbitmq-server
2537	exec	3		id
3655	exit	3		id
3820	wait	1	3	
3922	fork	1	4	rabbitmq-server
4292	exec	4		id
5432	exit	4		id
5581	wait	1	4	
5683	fork	1	5	rabbitmq-server
5989	exec	5		id
6851	exit	5		id
7002	wait	1	5	
7097	fork	1	6	rabbitmq-server
7481	exec	6		id
8687	exit	6		id
8838	wait	1	6	
8945	fork	1	7	rabbitmq-server
9315	exec	7		id
10447	exit	7		id
10600	wait	1	7	
10673	fork	1	8	rabbitmq-server
10862	exec	8		su
15806	fork	8	9	su
15926	setsid	9		
16770	exec	9		sh
17448	fork	9	10	sh
17772	exec	10		rabbitmq-server
18522	fork	10	11	rabbitmq-server
18842	exec	11		dirname
19695	exit	11		dirname
19841	wait	10	11	
20010	fork	10	12	rabbitmq-server
20343	exec	12		readlink
21220	exit	12		readlink
21355	wait	10	12	
21476	fork	10	13	rabbitmq-server
21817	exec	13		dirname
22643	exit	13		dirname
22780	wait	10	13	
22929	fork	10	14	rabbitmq-server
23144	exit	14		rabbitmq-server
23251	wait	10	14	
23631	fork	10	15	rabbitmq-server
24037	exec	15		erl
24777	fork	15	16	erl
25094	exec	16		dirname
26090	exit	16		dirname
26241	wait	15	16	
26387	fork	15	17	erl
26685	exec	17		basename
27552	exit	17		basename
27675	wait	15	17	
27868	exec	15		erlexec
28587	exec	15		beam.smp
32047	thread	15	18	beam.smp
39135	thread	15	19	beam.smp
41053	thread	15	20	beam.smp
42585	fork	15	21	beam.smp
42809	setsid	21		
43818	exec	21		erl_child_setup
59685	thread	15	22	beam.smp
59871	thread	15	23	beam.smp
60115	thread	15	24	beam.smp
60244	thread	15	25	beam.smp
60333	thread	15	26	beam.smp
60405	thread	15	27	beam.smp
60499	thread	15	28	beam.smp
60574	thread	15	29	beam.smp
60646	thread	15	30	beam.smp
60734	thread	15	31	beam.smp
60819	thread	15	32	beam.smp
60895	thread	15	33	beam.smp
60976	thread	15	34	beam.smp
61048	thread	15	35	beam.smp
61117	thread	15	36	beam.smp
61166	thread	15	37	beam.smp
171119	fork	21	38	erl_child_setup
171274	setsid	38		
171539	exec	38		inet_gethost
172384	fork	38	39	inet_gethost
172932	exit	38		inet_gethost
172993	exit	39		inet_gethost
173158	wait	21	38	
642435	fork	21	40	erl_child_setup
642594	setsid	40		
642855	exec	40		sh
643677	exit	40		sh
643806	wait	21	40	
700380	fork	21	41	erl_child_setup
700539	setsid	41		
700747	exec	41		erl
701471	fork	41	42	erl
701832	exec	42		dirname
702707	exit	42		dirname
702828	wait	41	42	
702978	fork	41	43	erl
703198	exec	43		dyn_erl
703649	exit	43		dyn_erl
703741	wait	41	43	
703828	fork	41	44	erl
704056	exec	44		dirname
704688	exit	44		dirname
704787	wait	41	44	
704877	fork	41	45	erl
705120	exec	45		dirname
705817	exit	45		dirname
705925	wait	41	45	
706042	fork	41	46	erl
706305	exec	46		basename
707128	exit	46		basename
707245	wait	41	46	
707446	exec	41		erlexec
707980	fork	41	47	erlexec
708219	exec	47		sh
708849	fork	47	48	sh
709016	exec	48		epmd
710302	fork	48	49	epmd
710399	setsid	49		
710430	exit	48		epmd
710538	fork	49	50	epmd
710690	exit	49		epmd
710816	wait	47	48	
710832	exit	47		sh
710951	wait	41	47	
711191	exec	41		beam.smp
714657	thread	41	51	beam.smp
718045	thread	41	52	beam.smp
720820	thread	41	53	beam.smp
722205	fork	41	54	beam.smp
722429	setsid	54		
723075	exec	54		erl_child_setup
739075	thread	41	55	beam.smp
739207	thread	41	56	beam.smp
739391	thread	41	57	beam.smp
739487	thread	41	58	beam.smp
739541	thread	41	59	beam.smp
739586	thread	41	60	beam.smp
739645	thread	41	61	beam.smp
739715	thread	41	62	beam.smp
739817	thread	41	63	beam.smp
739886	thread	41	64	beam.smp
739956	thread	41	65	beam.smp
740035	thread	41	66	beam.smp
740124	thread	41	67	beam.smp
740226	thread	41	68	beam.smp
740309	thread	41	69	beam.smp
740376	thread	41	70	beam.smp
813558	fork	54	71	erl_child_setup
813735	setsid	71		
813939	exec	71		inet_gethost
814787	fork	71	72	inet_gethost
815322	exit	71		inet_gethost
815390	exit	72		inet_gethost
815574	wait	54	71	
842444	exit	53		async_1
842646	exit	64		6_dirty_io_sche
842647	exit	56		2_scheduler
842661	exit	51		sys_sig_dispatc
842672	exit	57		1_dirty_cpu_sch
842674	exit	41		beam.smp
842687	exit	52		sys_msg_dispatc
842687	exit	68		10_dirty_io_sch
842700	exit	67		9_dirty_io_sche
842702	exit	60		2_dirty_io_sche
842710	exit	55		1_scheduler
842716	exit	61		3_dirty_io_sche
842720	exit	66		8_dirty_io_sche
842728	exit	62		4_dirty_io_sche
842731	exit	59		1_dirty_io_sche
842740	exit	63		5_dirty_io_sche
842742	exit	58		2_dirty_cpu_sch
842754	exit	65		7_dirty_io_sche
842760	exit	69		1_aux
842793	exit	70		0_poller
848101	exit	54		erl_child_setup
848182	wait	21	41	
878536	fork	21	73	erl_child_setup
878817	setsid	73		
879167	exec	73		inet_gethost
880003	fork	73	74	inet_gethost
6363847	fork	21	75	erl_child_setup
6364036	setsid	75		
6364319	exec	75		sh
6365290	exec	75		sh
6366049	fork	75	76	sh
6369888	exec	76		getconf
6370725	exit	76		getconf
6370849	wait	75	76	
6371095	exit	75		sh
6371323	wait	21	75	
6372836	fork	21	77	erl_child_setup
6373152	setsid	77		
6373434	exec	77		sh
6374413	fork	77	78	sh
6377980	exec	78		df
6379168	exit	78		df
6379435	wait	77	78	
6381127	fork	77	79	sh
6381793	exec	79		df
6382994	exit	79		df
6383148	wait	77	79	
`;
